import { AUDIT_COMMANDS, AUDIT_EVENTS, auditDecider } from './audit/index.ts';
import { EVIDENCE_COMMANDS, EVIDENCE_EVENTS, evidenceDecider } from './evidence/index.ts';
import { LIABILITY_COMMANDS, LIABILITY_EVENTS, liabilityDecider } from './liability/index.ts';
import { DENIAL_COMMANDS, DENIAL_EVENTS, denialDecider } from './denial/index.ts';
import { SESSION_COMMANDS, SESSION_EVENTS, sessionDecider } from './session/index.ts';
import { GRANT_COMMANDS, GRANT_EVENTS, grantDecider } from './grant/index.ts';
import { AUTHORISATION_COMMANDS, AUTHORISATION_EVENTS, authorisationDecider } from './authorisation/index.ts';
import { Compile, type Validator } from 'typebox/compile';
import { CRITERIA_COMMANDS, CRITERIA_EVENTS, criteriaDecider } from './criteria/index.ts';
import { CUSTODY_COMMANDS, CUSTODY_EVENTS, custodyDecider } from './custody/index.ts';
import { INSTRUMENT_COMMANDS, INSTRUMENT_EVENTS, instrumentDecider } from './instrument/index.ts';
import type { CommandDefinition, EventDefinition, NewEvent } from './kernel/index.ts';
import { MODEL_COMMANDS, MODEL_EVENTS, modelDecider } from './model/index.ts';
import { PARTNER_COMMANDS, PARTNER_EVENTS, partnerDecider } from './partner/index.ts';
import { PARTY_COMMANDS, PARTY_EVENTS, partyDecider } from './party/index.ts';
import { TESTER_COMMANDS, TESTER_EVENTS, testerDecider } from './tester/index.ts';

/** Every context's decider: one a stream category. */
export const CONTEXTS = [
  custodyDecider,
  partyDecider,
  modelDecider,
  instrumentDecider,
  criteriaDecider,
  partnerDecider,
  testerDecider,
  authorisationDecider,
  grantDecider,
  sessionDecider,
  denialDecider,
  liabilityDecider,
  evidenceDecider,
  auditDecider,
] as const;

/** Every command, with who may give it. */
export const COMMANDS: readonly CommandDefinition[] = [
  ...CUSTODY_COMMANDS,
  ...PARTY_COMMANDS,
  ...MODEL_COMMANDS,
  ...INSTRUMENT_COMMANDS,
  ...CRITERIA_COMMANDS,
  ...PARTNER_COMMANDS,
  ...TESTER_COMMANDS,
  ...AUTHORISATION_COMMANDS,
  ...GRANT_COMMANDS,
  ...SESSION_COMMANDS,
  ...DENIAL_COMMANDS,
  ...LIABILITY_COMMANDS,
  ...EVIDENCE_COMMANDS,
  ...AUDIT_COMMANDS,
];

/** Every event type by its short name. */
export const EVENTS: ReadonlyMap<string, EventDefinition> = new Map(
  (
    [
      ...CUSTODY_EVENTS,
      ...PARTY_EVENTS,
      ...MODEL_EVENTS,
      ...INSTRUMENT_EVENTS,
      ...CRITERIA_EVENTS,
      ...PARTNER_EVENTS,
      ...TESTER_EVENTS,
      ...AUTHORISATION_EVENTS,
      ...GRANT_EVENTS,
      ...SESSION_EVENTS,
      ...DENIAL_EVENTS,
      ...LIABILITY_EVENTS,
      ...EVIDENCE_EVENTS,
      ...AUDIT_EVENTS,
    ] as readonly EventDefinition[]
  ).map((definition) => [definition.type, definition]),
);

const validators = new Map<string, Validator>();

/** What is wrong with an event: its data against the schema of its type, and the refs that it must carry. */
export function problemsOf(event: Pick<NewEvent, 'type' | 'data' | 'refs'>): readonly string[] {
  const definition = EVENTS.get(event.type);
  if (!definition) return [`there is no event type ${event.type}`];
  let validator = validators.get(event.type);
  if (!validator) validators.set(event.type, (validator = Compile(definition.schema)));
  const problems = validator.Check(event.data)
    ? []
    : [...validator.Errors(event.data)].map((error) => `${error.instancePath || 'data'} ${error.message}`);
  for (const ref of definition.requires) if (!event.refs[ref]?.length) problems.push(`refs.${ref} is missing`);
  return problems;
}
