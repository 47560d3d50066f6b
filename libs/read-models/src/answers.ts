import {
  annexEntryAt,
  authorisationAt,
  bearers,
  criteriaInForceAt,
  effectOn,
  grantAt,
  instrumentAt,
  isIssued,
  leftOf,
  liabilityAt,
  partnerAt,
  usedOf,
  type GrantState,
  type Recorded,
  type SessionState,
  type Standing,
} from '@countersign/domain';
import type { Entries, Moment } from './moment.ts';
import type { States as StatesAt } from './states-at.ts';

/** A row of an answer: who is concerned, so that each caller sees only what is theirs. */
export interface Row {
  readonly ally: string;
  readonly parties: readonly string[];
  /** The grant that it is about, where it is about one: what an audit has in scope. */
  readonly grant?: string;
}
type Known<S> = Exclude<S, { status: 'unknown' }>;
type KnownGrant = Known<GrantState>;

const iso = (time: number): string => new Date(time).toISOString();
const describe = (standing: Standing): { status: string; because?: string } =>
  standing.holds ? { status: 'in force' } : { status: 'not in force', because: standing.because };

function* grants(states: StatesAt): Iterable<readonly [string, KnownGrant]> {
  for (const id of states.all('grant')) {
    const grant = states.state('grant', id);
    if (grant !== undefined && grant.status !== 'unknown') yield [id, grant];
  }
}
const concerned = (id: string, { ally, party, authority, developer }: KnownGrant): Row & { grant: string } => ({
  grant: id,
  ally,
  parties: [party, authority, developer],
});

const familyName = (states: StatesAt, id: string): string => {
  const family = states.state('model', id);
  return family?.status === 'registered' ? family.name : id;
};

/** Question 1: which allies tested which model by which modality under which criteria, with what outcome. */
export interface MatrixRow extends Row {
  readonly partner: string;
  readonly modelFamily: string;
  readonly modelName: string;
  readonly modality: string;
  readonly granted: boolean;
  readonly tested: boolean;
  readonly sessions: readonly {
    readonly session: string;
    readonly modelVersion: string;
    readonly criteria: string;
    readonly status: string;
    readonly outcomes: Readonly<Record<string, string>>;
  }[];
}

export function matrix(states: StatesAt): MatrixRow[] {
  const rows: MatrixRow[] = [];
  for (const [id, grant] of grants(states)) {
    const authorisation = states.state('authorisation', grant.scope.authorisation);
    if (!isIssued(authorisation) || !('activated' in grant && grant.activated)) continue;
    for (const { item } of grant.scope.items) {
      const authorised = authorisation.scope.items.find((each) => each.item === item);
      if (!authorised) continue;
      const sessions = states
        .related('session', 'grant', id)
        .flatMap((session) => {
          const state = states.state('session', session);
          if (state === undefined || state.status === 'unknown' || state.authorised?.item !== item) return [];
          const outcomes = Object.fromEntries(
            Object.entries(state.outcomes).map(([criterion, { outcome }]) => [criterion, outcome]),
          );
          const { set, version } = state.authorised.criteria;
          return [
            {
              session,
              modelVersion: state.modelVersion,
              criteria: `${set} ${version}`,
              status: state.status,
              outcomes,
            },
          ];
        })
        .sort((a, b) => (a.session < b.session ? -1 : 1));
      rows.push({
        ...concerned(id, grant),
        partner: grant.partner,
        modelFamily: authorised.family,
        modelName: familyName(states, authorised.family),
        modality: authorised.modality,
        granted: true,
        // Tested means that a session opened, however it ended; one that was voided had no basis.
        tested: sessions.some(({ status }) => status !== 'voided'),
        sessions,
      });
    }
  }
  const key = ({ ally, modelName, modality }: MatrixRow) => `${ally} ${modelName} ${modality}`;
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Questions 2 and 18: a session, what it rested on and what it recorded. */
export function session(states: StatesAt, entries: Entries, id: string) {
  const state = states.state('session', id);
  if (state === undefined || state.status === 'unknown') return undefined;
  const grant = states.state('grant', state.grant);
  const about: Row =
    grant !== undefined && grant.status !== 'unknown'
      ? concerned(state.grant, grant)
      : { ally: '', parties: [state.party] };
  const basis = Object.entries(state.authorised?.basis ?? {}).map(([what, event]) => {
    const found = entries.byId(event);
    const entry = found && found.index <= states.index ? found : undefined;
    return {
      what,
      event,
      index: entry?.index,
      type: entry?.type,
      stream: entry?.stream,
      recordedAt: entry && iso(entry.recordedAt),
    };
  });
  return {
    ...about,
    session: id,
    status: state.status,
    grant: state.grant,
    partner: state.partner,
    modelVersion: state.modelVersion,
    modality: state.modality,
    testers: state.testers,
    openedAt: iso(state.began.from),
    ...('ended' in state ? { endedAt: iso(state.ended.from) } : {}),
    ...(state.terminationOrdered
      ? { terminationOrdered: { at: iso(state.terminationOrdered.from), cause: state.terminationOrdered.cause } }
      : {}),
    criteria: state.authorised?.criteria,
    outcomes: state.outcomes,
    findings: state.findings,
    calls: state.activity.reduce((sum, { times }) => sum + times.length, 0),
    ...afterEffect(states, state),
    evidence: states.related('evidence', 'session', id).flatMap((evidence) => {
      const held = states.state('evidence', evidence);
      const link = held !== undefined && held.status !== 'unknown' ? held.links[id] : undefined;
      if (held === undefined || held.status === 'unknown' || link === undefined) return [];
      return [
        {
          evidence,
          kind: held.kind,
          status: held.status,
          file: held.file,
          ...(link.sample === undefined ? {} : { sample: link.sample }),
          ...(held.log === undefined ? {} : { log: held.log }),
          discrepancies: Object.values(held.discrepancies)
            .filter((each) => each.session === id)
            .map(({ kind, detail, calls }) => ({ kind, detail, ...(calls === undefined ? {} : { calls }) })),
        },
      ];
    }),
    authority: { basis, assessments: state.authorised?.assessments ?? [] },
  };
}

/** Question 5, of one session: its calls after what it rests on had ended, and how long after the last was. */
function afterEffect(states: StatesAt, state: Known<SessionState>) {
  const effect = effectOn(states, state, states.now);
  if (effect === undefined) return {};
  const times = state.activity
    .flatMap((each) => each.times)
    .filter((time) => time >= effect.from)
    .sort((a, b) => a - b);
  const last = times.at(-1);
  return {
    activityAfterEffect: {
      effect: iso(effect.from),
      cause: effect.by,
      calls: times.map(iso),
      ...(last === undefined ? {} : { secondsToLastCall: (last - effect.from) / 1000 }),
    },
  };
}

/** Question 4: what was in force. */
export interface InForceRow extends Row {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly because?: string;
}

export function inForce(states: StatesAt): InForceRow[] {
  const { now } = states;
  const rows: InForceRow[] = [];
  const everyone = { ally: '', parties: ['*'] };
  for (const id of states.all('instrument')) {
    const state = states.state('instrument', id);
    if (state?.status !== 'recorded') continue;
    rows.push({ ...everyone, kind: 'instrument', id, name: state.reference, ...describe(instrumentAt(state, now)) });
    for (const [entry, { party }] of Object.entries(state.annex))
      rows.push({
        ally: '',
        parties: [party, state.authority],
        kind: 'annex entry',
        id: `${id} ${entry}`,
        name: entry,
        ...describe(annexEntryAt(state, entry, now)),
      });
  }
  for (const id of states.all('criteria')) {
    const state = states.state('criteria', id);
    const version = criteriaInForceAt(state, now);
    if (state?.status === 'published')
      rows.push({
        ...everyone,
        kind: 'criteria',
        id,
        name: `${state.reference} ${version?.version ?? ''}`.trim(),
        status: version ? 'in force' : 'not in force',
      });
  }
  for (const id of states.all('partner')) {
    const state = states.state('partner', id);
    if (state === undefined || state.status === 'unknown') continue;
    rows.push({
      ally: state.ally,
      parties: [state.party, state.authority],
      kind: 'admission',
      id,
      name: state.party,
      ...describe(partnerAt(state, now)),
    });
  }
  for (const id of states.all('authorisation')) {
    const state = states.state('authorisation', id);
    if (state === undefined || state.status === 'unknown') continue;
    rows.push({
      ally: state.ally,
      parties: [state.holder],
      kind: 'authorisation',
      id,
      name: state.reference,
      ...describe(authorisationAt(state, now)),
    });
  }
  for (const [id, grant] of grants(states))
    rows.push({ ...concerned(id, grant), kind: 'grant', id, name: grant.partner, ...describe(grantAt(grant, now)) });
  for (const id of states.all('liability')) {
    const state = states.state('liability', id);
    if (state === undefined || state.status === 'unknown') continue;
    const grant = states.state('grant', state.grant);
    const about =
      grant !== undefined && grant.status !== 'unknown'
        ? concerned(state.grant, grant)
        : { ally: state.ally, parties: [] };
    const terms = state.versions.at(-1)?.terms ?? state.proposal?.terms;
    const modality = state.versions.at(-1)?.terms.modalities[0] ?? 'api';
    rows.push({
      ...about,
      // Whoever bears a share or a layer of it, an insurer too.
      parties: [...new Set([...about.parties, ...(terms === undefined ? [] : bearers(terms))])],
      kind: 'liability',
      id,
      name: state.grant,
      ...describe(liabilityAt(state, modality, now)),
    });
  }
  return rows;
}

/** Question 6: who was refused, on which rules. */
export interface RefusalRow extends Row {
  readonly at: string;
  readonly index: number;
  readonly partner: string;
  readonly testers: readonly string[];
  readonly modelVersion: string;
  readonly modality: string;
  readonly rules: readonly string[];
}

export function refusals(entries: Entries, { index, time }: Moment): RefusalRow[] {
  return [...entries.streams('denial')]
    .flatMap((stream) => [...entries.ofStream(stream, index)])
    .filter(
      (entry): entry is Recorded<'AccessDenied', Denied> => entry.type === 'AccessDenied' && entry.effectiveAt <= time,
    )
    .sort((a, b) => a.index - b.index)
    .map(({ data, refs, recordedAt, index: at }) => ({
      ally: refs.ally?.[0] ?? '',
      parties: refs.parties ?? [],
      grant: refs.grant?.[0] ?? '',
      at: iso(recordedAt),
      index: at,
      partner: refs.partner?.[0] ?? '',
      testers: data.testers,
      modelVersion: data.modelVersion,
      modality: data.modality,
      rules: data.reasons.map(({ rule }) => rule),
    }));
}
interface Denied {
  readonly testers: readonly string[];
  readonly modelVersion: string;
  readonly modality: string;
  readonly reasons: readonly { readonly rule: string }[];
}

/** Question 8: how much of each authorisation and grant is used. */
export interface UsageRow extends Row {
  readonly authorisation: string;
  readonly grant: string;
  readonly item: string;
  readonly unit: string;
  readonly authorised: number;
  readonly leftToGrant: number;
  readonly granted: number;
  readonly used: number;
}

export function usage(states: StatesAt): UsageRow[] {
  const rows: UsageRow[] = [];
  for (const [id, grant] of grants(states)) {
    const authorisation = states.state('authorisation', grant.scope.authorisation);
    if (!isIssued(authorisation)) continue;
    for (const { item, amount } of grant.scope.items) {
      const quantity = authorisation.scope.items.find((each) => each.item === item)?.quantity;
      if (!quantity) continue;
      rows.push({
        ...concerned(id, grant),
        authorisation: grant.scope.authorisation,
        grant: id,
        item,
        unit: quantity.unit,
        authorised: quantity.amount,
        leftToGrant: leftOf(authorisation, item),
        granted: amount,
        used: usedOf(grant, item),
      });
    }
  }
  return rows;
}

/** Question 12: a stream, event by event. */
export interface ReplayRow extends Row {
  readonly index: number;
  readonly revision: number;
  readonly type: string;
  readonly actor: string;
  readonly recordedAt: string;
  readonly effectiveAt: string;
  readonly data: object;
}

export function replay(entries: Entries, { index, time }: Moment, stream: string): ReplayRow[] {
  return [...entries.ofStream(stream, index)]
    .filter((entry) => entry.effectiveAt <= time)
    .map((entry) => ({
      ally: entry.refs.ally?.[0] ?? '',
      parties: entry.refs.parties ?? [],
      ...(entry.refs.grant?.length === 1 ? { grant: entry.refs.grant[0] as string } : {}),
      index: entry.index,
      revision: entry.revision,
      type: entry.type,
      actor: entry.actor,
      recordedAt: iso(entry.recordedAt),
      effectiveAt: iso(entry.effectiveAt),
      data: entry.data,
    }));
}

/** The grants that an auditor's audits have in scope: what the auditor may see, as of any moment. */
export function auditedBy(states: StatesAt, auditor: string): ReadonlySet<string> {
  const scope = new Set<string>();
  for (const id of states.related('audit', 'parties', auditor)) {
    const audit = states.state('audit', id);
    if (audit === undefined || audit.status === 'unknown' || audit.auditor !== auditor || audit.status === 'recused')
      continue;
    for (const grant of audit.scope.grants) scope.add(grant);
  }
  return scope;
}
