import { isIssued } from '../authorisation/state.ts';
import type { Criterion } from '../criteria/events.ts';
import type { Instant, Since } from '../kernel/index.ts';
import { familyOf } from '../model/decider.ts';
import { endingOf } from '../process/endings.ts';
import { criteriaOf } from '../session/criteria.ts';
import type { KnownSession } from '../session/state.ts';
import type { DomainView } from '../states.ts';
import type { EvidenceEvent, LogSummary, Metric } from './events.ts';
import { runKeyOf, type KnownEvidence, type Link } from './state.ts';

export type DiscrepancyFound = Extract<EvidenceEvent, { type: 'DiscrepancyNoted' }>['data'] & {
  /** The event that brought it. */
  readonly cause: string;
};

/** Clocks of a tester's machine and of the ledger may be this far apart. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

const iso = (time: Instant): string => new Date(time).toISOString();
const said = (text: string | undefined): string => (text === undefined ? 'nothing' : `"${text}"`);

/**
 * Where a file and the ledger disagree, as known now (R14): which model, when, how it ended, what was measured, what was
 * used, and what went on after its basis had ended. Each has a key, so that it is noted once.
 */
export function* discrepanciesOf(
  view: DomainView,
  id: string,
  evidence: KnownEvidence,
  now: Instant,
): Iterable<DiscrepancyFound> {
  for (const { session, tester, modelVersion, calls, firstAt, lastAt } of evidence.activity?.stray ?? [])
    yield {
      key: `no-session ${session ?? `${tester} ${modelVersion}`}`,
      kind: 'no-session',
      detail: `calls under ${session === undefined ? `no open session of ${tester}` : `${session}, which is no session of this developer's models`}`,
      calls,
      firstAt,
      lastAt,
      cause: evidence.received.by,
    };
  for (const [session, link] of Object.entries(evidence.links)) {
    const state = view.state('session', session);
    if (state === undefined || state.status === 'unknown' || state.status === 'voided') continue;
    const found = [
      ...ofReport(session, state),
      ...(evidence.log ? ofLog(view, id, evidence, evidence.log, session, state, link) : []),
      ...ofActivity(view, id, session, state, now),
      ...ofUse(view, id, evidence, session, state),
    ];
    for (const each of found) yield { ...each, session, cause: each.cause ?? link.since.by };
  }
}

/** A run that was reported after the fact: each rule that it did not meet (R14). */
function* ofReport(session: string, { misfits = [] }: KnownSession): Iterable<Found> {
  for (const [i, { rule, detail }] of misfits.entries())
    yield { key: `authority ${session} ${rule} ${i}`, kind: 'authority', detail: `${rule}: ${detail}`.slice(0, 4000) };
}

type Found = Omit<DiscrepancyFound, 'cause' | 'session'> & { readonly cause?: string };

function* ofLog(
  view: DomainView,
  id: string,
  evidence: KnownEvidence,
  log: LogSummary,
  session: string,
  state: KnownSession,
  { sample = {} }: Link,
): Iterable<Found> {
  const family = view.state('model', familyOf(view, state.modelVersion) ?? '');
  const version = family?.status === 'registered' ? family.versions[state.modelVersion] : undefined;
  const names = [state.modelVersion, version?.name].map((name) => name?.toLowerCase());
  const named = log.model?.toLowerCase();
  const fits =
    sample.alias === undefined
      ? named !== undefined && (names.includes(named) || names.includes(named.slice(named.lastIndexOf('/') + 1)))
      : log.model === sample.alias;
  if (!fits)
    yield {
      key: `model ${session}`,
      kind: 'model',
      detail: `the log names ${said(log.model)}, the session's model is ${said(version?.name ?? state.modelVersion)}`,
    };

  const shift = sample.timeShift ?? 0;
  const begin = state.began.from - CLOCK_TOLERANCE_MS;
  const end = 'ended' in state ? state.ended.from + CLOCK_TOLERANCE_MS : Infinity;
  const times = [log.startedAt, log.completedAt].flatMap((time) =>
    time === undefined ? [] : [Date.parse(time) + shift],
  );
  const outside = times.find((time) => time < begin || (state.status !== 'reported' && time > end));
  if (log.startedAt === undefined || outside !== undefined)
    yield {
      key: `time ${session}`,
      kind: 'time',
      detail:
        outside === undefined
          ? 'the log does not say when the run began'
          : `the log speaks of ${iso(outside)}, the session went from ${iso(state.began.from)}${'ended' in state ? ` to ${iso(state.ended.from)}` : ''}`,
    };

  const expected = STATUS_OF[state.status];
  const status = sample.status ?? log.status;
  if (expected !== undefined && !expected.includes(status))
    yield {
      key: `status ${session} ${state.status}`,
      kind: 'status',
      detail: `the log says ${said(status)}, the session is ${state.status}`,
      ...('ended' in state && state.ended.index > evidence.received.index ? { cause: state.ended.by } : {}),
    };

  for (const { criterion, matches, derived } of measured(view, state, log)) {
    if (matches.length > 1 && derived === undefined)
      yield {
        key: `ambiguous-metric ${session} ${criterion.criterion}`,
        kind: 'ambiguous-metric',
        detail: `${criterion.criterion} is measured by "${criterion.metric}", of which the log has ${matches.length} with different values`,
      };
    const recorded = state.outcomes[criterion.criterion];
    if (derived && recorded && recorded.evidence !== id && recorded.outcome !== derived.outcome)
      yield {
        key: `outcome ${session} ${criterion.criterion}`,
        kind: 'outcome',
        detail: `${criterion.criterion} is recorded as ${recorded.outcome}, the log makes it ${derived.outcome}`,
      };
  }

  const run = runKeyOf(evidence.run);
  for (const other of new Set([
    id,
    ...(run === undefined ? [] : view.related('evidence', 'parties', evidence.party)),
  ])) {
    const held = view.state('evidence', other);
    if (held === undefined || held.status === 'unknown' || (other !== id && runKeyOf(held.run) !== run)) continue;
    const elsewhere = Object.entries(held.links).find(
      ([otherSession, link]) =>
        otherSession !== session && link.since.index < (evidence.links[session]?.since.index ?? 0),
    );
    if (elsewhere)
      yield {
        key: `run-of-another-session ${session} ${elsewhere[0]}`,
        kind: 'run-of-another-session',
        detail: `the same run is evidence of ${elsewhere[0]}`,
      };
  }
}

/** How a session ends, and what its log may then say of itself. */
const STATUS_OF: Readonly<Record<string, readonly string[]>> = {
  completed: ['success'],
  failed: ['error', 'started'],
  cancelled: ['cancelled'],
  terminated: ['cancelled', 'error', 'started'],
};

/** Calls of the model that a gateway saw, held against the session's authority and its time. */
function* ofActivity(
  view: DomainView,
  id: string,
  session: string,
  state: KnownSession,
  now: Instant,
): Iterable<Found> {
  const times = state.activity.filter(({ evidence }) => evidence === id).flatMap((each) => each.times);
  if (times.length === 0) return;
  const effect = effectOn(view, state, now);
  const after = effect ? times.filter((time) => time >= effect.from) : [];
  if (effect && after.length > 0)
    yield {
      key: `activity-after-effect ${session} ${effect.by}`,
      kind: 'activity-after-effect',
      detail: `${after.length} calls after what the session rests on had ended at ${iso(effect.from)}, the last ${(Math.max(...after) - effect.from) / 1000} s after`,
      ...countedOf(after),
      cause: effect.by,
    };
  const begin = state.began.from - CLOCK_TOLERANCE_MS;
  const end = 'ended' in state ? state.ended.from + CLOCK_TOLERANCE_MS : Infinity;
  const outside = times.filter((time) => time < begin || (time > end && !after.includes(time)));
  if (outside.length > 0)
    yield {
      key: `activity-outside-session ${session}`,
      kind: 'activity-outside-session',
      detail: 'calls before the session opened or after it had ended',
      ...countedOf(outside),
    };
}

const countedOf = (times: readonly number[]) => ({
  calls: times.length,
  firstAt: iso(times.reduce((a, b) => Math.min(a, b))),
  lastAt: iso(times.reduce((a, b) => Math.max(a, b))),
});

/**
 * From when on a session's basis did not hold: as its termination order says, or what has ended since. Undefined while
 * all of it holds.
 */
export function effectOn(view: DomainView, state: KnownSession, now: Instant): Pick<Since, 'by' | 'from'> | undefined {
  const { terminationOrdered: ordered } = state;
  if (ordered) return { by: ordered.cause as Since['by'], from: ordered.effect };
  const grant = view.state('grant', state.grant);
  if (grant === undefined || grant.status === 'unknown') return undefined;
  const { testers, modelVersion, modality, authorised } = state;
  const used = { testers, modelVersion, modality, ...(authorised === undefined ? {} : { item: authorised.item }) };
  return endingOf(view, state.grant, grant, used, now)?.since;
}

/** R5: over-use reported from outside is a discrepancy. */
function* ofUse(
  view: DomainView,
  id: string,
  evidence: KnownEvidence,
  session: string,
  state: KnownSession,
): Iterable<Found> {
  const { authorised } = state;
  const unit = unitOf(view, state);
  if (!authorised || unit === undefined || unit === 'sessions') return;
  const told = useToldBy(id, evidence, state, unit);
  if (told !== undefined && told > authorised.reserved)
    yield {
      key: `over-use ${session}`,
      kind: 'over-use',
      detail: `${told} ${unit} used, ${authorised.reserved} reserved`,
    };
}

type UnitName = 'sessions' | 'hours' | 'calls' | 'tokens';

/** The unit in which a session's item counts; undefined for one that was only reported. */
function unitOf(view: DomainView, { authorised, grant: id }: KnownSession): UnitName | undefined {
  const grant = view.state('grant', id);
  if (!authorised || grant === undefined || grant.status === 'unknown') return undefined;
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  return isIssued(authorisation)
    ? authorisation.scope.items.find(({ item }) => item === authorised.item)?.quantity.unit
    : undefined;
}

const HOUR_MS = 3_600_000;

/** What one piece of evidence says was used, in whole units; undefined if it says nothing of that unit. */
function useToldBy(id: string, { log }: KnownEvidence, state: KnownSession, unit: UnitName): number | undefined {
  const activity = state.activity.filter((each) => each.evidence === id);
  switch (unit) {
    case 'sessions':
      return undefined;
    case 'calls':
      return activity.length === 0 ? undefined : activity.reduce((sum, { times }) => sum + times.length, 0);
    case 'tokens':
      return log?.tokens ?? (activity.length === 0 ? undefined : activity.reduce((sum, { tokens }) => sum + tokens, 0));
    case 'hours':
      return log?.startedAt === undefined || log.completedAt === undefined
        ? undefined
        : Math.ceil((Date.parse(log.completedAt) - Date.parse(log.startedAt)) / HOUR_MS);
  }
}

/**
 * What a session that has ended used of its quantity, in its item's unit: hours by its own times, calls and tokens by
 * what its evidence tells, the most of them. Undefined if it counts as one, or while nothing tells it.
 */
export function useOf(view: DomainView, session: string, state: KnownSession): number | undefined {
  const unit = unitOf(view, state);
  if (unit === undefined || unit === 'sessions' || !('ended' in state)) return undefined;
  if (unit === 'hours') return Math.ceil((state.ended.from - state.began.from) / HOUR_MS);
  const told = view.related('evidence', 'session', session).flatMap((id) => {
    const evidence = view.state('evidence', id);
    const is = evidence !== undefined && evidence.status === 'accepted' && session in evidence.links;
    return (is ? useToldBy(id, evidence, state, unit) : undefined) ?? [];
  });
  return told.length === 0 ? undefined : Math.max(...told);
}

export interface Outcome {
  readonly outcome: 'met' | 'not-met' | 'inconclusive';
  readonly value?: string;
}
interface Measured {
  readonly criterion: Criterion;
  readonly matches: readonly Metric[];
  /** Undefined if the log has no such metric, or several that differ. */
  readonly derived?: Outcome;
}

/** What the criteria that a session is judged by make of a log's metrics: `scorer/metric`, or the metric alone. */
export function measured(view: DomainView, state: KnownSession, log: LogSummary): readonly Measured[] {
  return criteriaOf(state, view).flatMap((criterion) => {
    if (criterion.metric === undefined) return [];
    const matches = log.metrics.filter(
      ({ scorer, metric }) => `${scorer}/${metric}` === criterion.metric || metric === criterion.metric,
    );
    const [first] = matches;
    if (first === undefined) return [];
    if (matches.some(({ value }) => value !== first.value)) return [{ criterion, matches }];
    return [{ criterion, matches, derived: outcomeOf(criterion, first.value) }];
  });
}

function outcomeOf({ threshold }: Criterion, value: string | undefined): Outcome {
  if (value === undefined) return { outcome: 'inconclusive' };
  if (threshold === undefined) return { outcome: 'inconclusive', value };
  const order = compareDecimals(value, threshold.value);
  const met = { '>=': order >= 0, '>': order > 0, '<=': order <= 0, '<': order < 0, '=': order === 0 };
  return { outcome: met[threshold.comparator] ? 'met' : 'not-met', value };
}

/** Below, equal or above: exactly, whatever their length. */
export function compareDecimals(a: string, b: string): number {
  const places = Math.max(...[a, b].map((text) => text.split('.')[1]?.length ?? 0));
  const scaled = (text: string): bigint => {
    const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
    const value = BigInt(whole + fraction.padEnd(places, '0'));
    return text.startsWith('-') ? -value : value;
  };
  const [x, y] = [scaled(a), scaled(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
