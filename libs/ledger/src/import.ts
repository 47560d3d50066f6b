import {
  attributeCalls,
  evidenceIdOf,
  runKeyOf,
  type Actor,
  type DomainView,
  type EvidenceState,
  type Modality,
  type Refusal,
  type Sample,
} from '@countersign/domain';
import {
  isBroken,
  runOf,
  summaryOf,
  type Broken,
  type EvaluationLog,
  type GatewayLog,
  type Reading,
} from '@countersign/evidence';
import type { CommandRequest, Outcome } from './command.ts';
import type { Ledger } from './ledger.ts';
import type { Receipt } from './receipt.ts';

/** What a party says of a file that it hands in. */
export interface ImportRequest {
  readonly reading: Reading | Broken;
  /** A file that is not read: its kind as the party says it. */
  readonly document?: boolean;
  readonly actor: Actor;
  readonly idempotencyKey: string;
  /** The JSON body as it was posted and where: what the commands' digests bind. */
  readonly route: string;
  readonly body: object;
  /** Evidence of a session that was opened when it ran. */
  readonly session?: string;
  readonly sample?: Sample;
  /** The run is reported after the fact, under this grant. */
  readonly report?: {
    readonly grant: string;
    readonly modelVersion?: string;
    readonly modality?: Modality;
    readonly testers?: readonly string[];
    readonly place?: string;
    readonly endUse?: string;
    readonly startedAt?: string;
  };
}

export type Imported =
  | {
      readonly outcome: 'imported';
      readonly evidence: string;
      readonly status: string;
      /** This very file was here before. */
      readonly recognised: boolean;
      /** Sessions that it is evidence of now. */
      readonly sessions: readonly string[];
      readonly discrepancies: readonly { readonly kind: string; readonly detail: string; readonly session?: string }[];
      readonly receipts: readonly Receipt[];
    }
  | Exclude<Outcome, { outcome: 'done' }>
  | { readonly outcome: 'not-said'; readonly detail: string };

type Failed = Exclude<Imported, { outcome: 'imported' }>;
const CALLS_AN_ENTRY = 1000;

/**
 * A file becomes evidence: it is received, put under a session (its own, one that is reported with it, or, for a gateway
 * log, every session whose calls it has), and held against the ledger. Each step is a command with a key derived from the
 * request's, so that a request that was cut off is carried through by sending it again.
 */
export async function importEvidence(ledger: Ledger, request: ImportRequest): Promise<Imported> {
  const { reading, actor } = request;
  const view = ledger.view as unknown as DomainView;
  const id = evidenceIdOf(reading.sha256);
  const receipts: Receipt[] = [];
  const run = async (
    step: string,
    command: Pick<CommandRequest, 'type' | 'category' | 'payload'> & { id?: string },
  ) => {
    const { route, body, idempotencyKey } = request;
    const outcome = await ledger.execute({
      ...command,
      actor,
      route,
      body,
      idempotencyKey: `${idempotencyKey}/${step}`,
    });
    if (outcome.outcome === 'done') receipts.push(...outcome.receipts);
    return outcome;
  };
  const evidence = () => view.state('evidence', id) as EvidenceState | undefined;
  const log = isBroken(reading) || request.document === true ? undefined : reading.log;
  const calls = log?.format === 'gateway-log' ? attributeCalls(view, actor.party as string, log.calls) : undefined;
  const received = await run('receive', {
    type: 'ReceiveEvidence',
    category: 'evidence',
    id,
    payload: {
      kind: request.document === true ? 'document' : calls ? 'gateway-log' : 'evaluation-log',
      file: reading.sha256,
      bytes: reading.bytes,
      members: isBroken(reading) ? 0 : reading.members.length,
      membersRoot: isBroken(reading) ? reading.sha256 : reading.membersRoot,
      ...(log && log.format !== 'gateway-log' ? { run: runOf(log), log: summaryOf(log) } : {}),
      ...(calls ? { activity: calls.summary } : {}),
      ...(isBroken(reading) ? { damage: { fault: reading.fault, where: reading.where, detail: reading.detail } } : {}),
    },
  });
  const before = evidence();
  const recognised = received.outcome === 'refused' && before !== undefined && before.status !== 'unknown';
  if (received.outcome !== 'done' && !recognised) return received;

  const sessions = calls ? [...calls.sessions.keys()] : [];
  if (request.session !== undefined) sessions.push(request.session);
  if (request.report !== undefined && log && log.format !== 'gateway-log') {
    const reported = await sessionOfReport(view, request, request.report, log, run);
    if ('failed' in reported) return reported.failed;
    sessions.push(reported.session);
  }
  for (const session of sessions) {
    const linked = await run(`link ${session}`, {
      type: 'LinkEvidence',
      category: 'evidence',
      id,
      payload: { session, ...(request.sample === undefined ? {} : { sample: sampleOf(request.sample, log) }) },
    });
    const state = evidence();
    const isLinked = state !== undefined && state.status !== 'unknown' && session in state.links;
    if (linked.outcome !== 'done' && !isLinked) return linked;
    const { times = [], tokens = [] } = calls?.sessions.get(session) ?? {};
    // The same file again tells nothing new.
    for (let from = 0; from < times.length && !recognised; from += CALLS_AN_ENTRY) {
      const some = times.slice(from, from + CALLS_AN_ENTRY);
      const [first = 0] = some;
      const told = await run(`calls ${session} ${from}`, {
        type: 'ReportActivity',
        category: 'session',
        id: session,
        payload: {
          evidence: id,
          firstAt: new Date(first).toISOString(),
          offsets: some.map((time) => time - first),
          tokens: tokens.slice(from, from + CALLS_AN_ENTRY).reduce((sum, each) => sum + each, 0),
        },
      });
      if (told.outcome !== 'done') return told;
    }
  }
  const state = evidence();
  if (state === undefined || state.status === 'unknown') throw new Error(`${id} was received and is not there`);
  // A file may be evidence of others' sessions too: those are not this party's to see.
  const isTheirs = (session: string | undefined): boolean => {
    const known = session === undefined ? undefined : view.state('session', session);
    if (known === undefined || known.status === 'unknown') return state.party === actor.party;
    const grant = view.state('grant', known.grant);
    return (
      known.party === actor.party ||
      (grant !== undefined && grant.status !== 'unknown' && grant.developer === actor.party)
    );
  };
  return {
    outcome: 'imported',
    evidence: id,
    status: state.status,
    recognised: recognised || (received.outcome === 'done' && received.repeated),
    sessions: Object.keys(state.links).filter(isTheirs),
    discrepancies: Object.values(state.discrepancies)
      .filter(({ session }) => isTheirs(session))
      .map(({ kind, detail, session }) => ({ kind, detail, ...(session === undefined ? {} : { session }) })),
    receipts,
  };
}

/** An alias is the log's name of the model: recorded as the log's own is, so that one that is a path leaks none. */
function sampleOf(sample: Sample, log: EvaluationLog | GatewayLog | undefined): Sample {
  if (log === undefined || log.format === 'gateway-log' || sample.alias === undefined || sample.alias !== log.model)
    return sample;
  const { model } = summaryOf(log);
  return model === undefined ? sample : { ...sample, alias: model };
}

type Run = (
  step: string,
  command: Pick<CommandRequest, 'type' | 'category' | 'payload'> & { id?: string },
) => Promise<Outcome>;

/**
 * The session that a report after the fact is of: the one that this run is evidence of already, else a new one, judged
 * against the authority at the time of the run. What the log and the grant leave open is not guessed: it is left out, and
 * the judgement says so.
 */
async function sessionOfReport(
  view: DomainView,
  { actor, sample }: ImportRequest,
  report: NonNullable<ImportRequest['report']>,
  log: EvaluationLog,
  run: Run,
): Promise<{ session: string } | { failed: Failed }> {
  const before = sessionOfRun(view, actor.party as string, log);
  if (before !== undefined) return { session: before };
  const grant = view.state('grant', report.grant);
  if (grant === undefined || grant.status === 'unknown')
    return { failed: refusal('not-found', `there is no grant ${report.grant}`) };
  const summary = summaryOf(log);
  const versions = [...new Set(grant.scope.items.flatMap((item) => item.versions))];
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const modalities =
    authorisation !== undefined && 'issued' in authorisation
      ? [
          ...new Set(
            authorisation.scope.items
              .filter(({ item }) => grant.scope.items.some((each) => each.item === item))
              .map(({ modality }) => modality),
          ),
        ]
      : [];
  const only = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);
  const modelVersion = report.modelVersion ?? only(versions);
  const modality = report.modality ?? only(modalities);
  const shifted = (time: string | undefined) =>
    time === undefined ? undefined : new Date(Date.parse(time) + (sample?.timeShift ?? 0)).toISOString();
  const startedAt = report.startedAt ?? shifted(summary.startedAt ?? summary.created);
  const endedAt = shifted(summary.completedAt);
  if (modelVersion === undefined)
    return { failed: notSaid(`say the model version: the grant covers ${versions.join(', ')}`) };
  if (modality === undefined) return { failed: notSaid(`say the modality: the grant covers ${modalities.join(', ')}`) };
  if (startedAt === undefined) return { failed: notSaid('say when it began: the log does not') };
  const outcome = await run('report', {
    type: 'ReportSession',
    category: 'session',
    payload: {
      grant: report.grant,
      modelVersion,
      modality,
      testers: report.testers ?? [],
      startedAt,
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(report.place === undefined ? {} : { place: report.place }),
      ...(report.endUse === undefined ? {} : { endUse: report.endUse }),
    },
  });
  return outcome.outcome === 'done' ? { session: outcome.stream } : { failed: outcome };
}

const notSaid = (detail: string): Failed => ({ outcome: 'not-said', detail });
const refusal = (rule: string, detail: string): Failed => ({
  outcome: 'refused',
  reasons: [{ rule, detail } satisfies Refusal],
  receipts: [],
});

function sessionOfRun(view: DomainView, party: string, log: EvaluationLog): string | undefined {
  const key = runKeyOf(runOf(log));
  if (key === undefined) return undefined;
  for (const id of view.related('evidence', 'parties', party)) {
    const held = view.state('evidence', id);
    if (held === undefined || held.status === 'unknown' || runKeyOf(held.run) !== key) continue;
    const [session] = Object.keys(held.links);
    if (session !== undefined) return session;
  }
  return undefined;
}
