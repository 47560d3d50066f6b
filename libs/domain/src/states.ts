import type { AuditState } from './audit/state.ts';
import type { AuthorisationState } from './authorisation/state.ts';
import type { CriteriaState } from './criteria/decider.ts';
import type { CustodyState } from './custody/decider.ts';
import type { DenialState } from './denial/state.ts';
import type { EvidenceState } from './evidence/state.ts';
import type { GrantState } from './grant/state.ts';
import type { InstrumentState } from './instrument/decider.ts';
import type { View } from './kernel/index.ts';
import type { LiabilityState } from './liability/state.ts';
import type { ModelState } from './model/decider.ts';
import type { PartnerState } from './partner/state.ts';
import type { PartyState } from './party/decider.ts';
import type { SessionState } from './session/state.ts';
import type { TesterState } from './tester/decider.ts';

/** The state of each category's streams. */
export interface States {
  custody: CustodyState;
  party: PartyState;
  model: ModelState;
  instrument: InstrumentState;
  criteria: CriteriaState;
  partner: PartnerState;
  tester: TesterState;
  authorisation: AuthorisationState;
  grant: GrantState;
  session: SessionState;
  denial: DenialState;
  liability: LiabilityState;
  evidence: EvidenceState;
  audit: AuditState;
}
/** The view of the whole domain. */
export type DomainView = View<States>;
