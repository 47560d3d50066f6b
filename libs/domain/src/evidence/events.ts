import { Type, type Static } from 'typebox';
import {
  Decimal,
  Digest,
  event,
  IdText,
  Name,
  oneOf,
  Text,
  Time,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
const Count = Type.Integer({ minimum: 0 });
const ABOUT = ['ally', 'partner', 'parties', 'grant', 'session'] as const;

export const EvidenceKind = oneOf('evaluation-log', 'gateway-log', 'results', 'document');

/** How a run is known: by `evalId`, else by `runId` and `taskId`. */
export const Run = Type.Object(
  { evalId: Type.Optional(Name), runId: Type.Optional(Name), taskId: Type.Optional(Name) },
  closed,
);
export type Run = Static<typeof Run>;

/** A metric of a log; a value that is no number (Python's NaN, inf) has none. */
export const Metric = Type.Object({ scorer: Name, metric: Name, value: Type.Optional(Decimal) }, closed);
export type Metric = Static<typeof Metric>;

/** What an evaluation log says of itself. Nothing of it that leaks names or paths: arguments, locations, error texts. */
export const LogSummary = Type.Object(
  {
    format: Name,
    version: Type.Optional(Count),
    status: Name,
    created: Type.Optional(Time),
    task: Type.Optional(Name),
    taskVersion: Type.Optional(Name),
    model: Type.Optional(Name),
    dataset: Type.Optional(Name),
    datasetSamples: Type.Optional(Count),
    resultsTotal: Type.Optional(Count),
    resultsCompleted: Type.Optional(Count),
    samplesInFile: Count,
    samplesWithError: Count,
    metrics: Type.Array(Metric, { maxItems: 200 }),
    metricsLeftOut: Type.Optional(Count),
    tokens: Count,
    startedAt: Type.Optional(Time),
    completedAt: Type.Optional(Time),
    invalidated: Type.Optional(Type.Boolean()),
    errored: Type.Boolean(),
    packages: Type.Optional(Type.Array(Type.Object({ name: Name, version: Name }, closed), { maxItems: 20 })),
    commit: Type.Optional(Name),
  },
  closed,
);
export type LogSummary = Static<typeof LogSummary>;

/** Calls that a gateway log puts under no session that the ledger knows. */
export const StrayCalls = Type.Object(
  {
    session: Type.Optional(IdText),
    tester: Type.Optional(IdText),
    modelVersion: Type.Optional(IdText),
    calls: Count,
    firstAt: Time,
    lastAt: Time,
  },
  closed,
);
/** What a gateway log holds: `denied` are requests that reached no model. */
export const CallsSummary = Type.Object(
  { calls: Count, denied: Count, tokens: Count, stray: Type.Array(StrayCalls, { maxItems: 50 }), straysLeftOut: Count },
  closed,
);
/** Why a file could not be read, and where, in words that hold nothing of its own text. */
export const Damage = Type.Object({ fault: Name, where: Name, detail: Text }, closed);

/** What is declared of a log that stands for a session's own: to be read as such, and never silently. */
export const Sample = Type.Object(
  {
    /** The model's name as the log has it, which stands for the session's model version. */
    alias: Type.Optional(Name),
    /** Added to the log's times, in milliseconds. */
    timeShift: Type.Optional(Type.Integer()),
    /** Stands for the log's own status. */
    status: Type.Optional(oneOf('success', 'error', 'cancelled', 'started')),
  },
  closed,
);
export type Sample = Static<typeof Sample>;

export const DiscrepancyKind = oneOf(
  'model',
  'time',
  'status',
  'outcome',
  'ambiguous-metric',
  'run-of-another-session',
  'activity-after-effect',
  'activity-outside-session',
  'no-session',
  'over-use',
  'authority',
);
export const Discrepancy = {
  /** Tells it from others of the same evidence: noted once. */
  key: Type.String({ minLength: 1, maxLength: 400 }),
  kind: DiscrepancyKind,
  detail: Text,
  session: Type.Optional(IdText),
  calls: Type.Optional(Count),
  firstAt: Type.Optional(Time),
  lastAt: Type.Optional(Time),
};

export const Received = {
  kind: EvidenceKind,
  /** SHA-256 of the file, which is kept beside the log. */
  file: Digest,
  bytes: Count,
  members: Count,
  /** RFC 6962 root over the members' SHA-256 digests, in the file's order. */
  membersRoot: Digest,
  run: Type.Optional(Run),
  log: Type.Optional(LogSummary),
  activity: Type.Optional(CallsSummary),
  damage: Type.Optional(Damage),
};

export const EVIDENCE_EVENTS = [
  event('EvidenceReceived', Received, ['parties']),
  event('EvidenceLinked', { session: IdText, sample: Type.Optional(Sample) }, ABOUT),
  event('EvidenceQuarantined', { ...Damage.properties }, ['parties']),
  /** Same run, other digest. `by`: the evidence that takes its place. */
  event('EvidenceSuperseded', { by: IdText, reason: Text }, ['parties']),
  /** Log against ledger (R14). */
  event('DiscrepancyNoted', Discrepancy, ['parties']),
] as const;

export type EvidenceEvent = EventOf<(typeof EVIDENCE_EVENTS)[number]>;
export type RecordedEvidenceEvent = RecordedEventOf<(typeof EVIDENCE_EVENTS)[number]>;
