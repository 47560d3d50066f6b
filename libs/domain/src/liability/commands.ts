import { commandsOf, Digest, IdText, Money, Name, Period, Text, type CommandOf } from '../kernel/index.ts';
import { LiabilityTerms } from './events.ts';

const command = commandsOf('liability');
/** Whoever may bear a share or a layer; the decider looks whether they do. */
const BEARING = ['developer', 'trusted-partner', 'allied-authority', 'insurer'] as const;

export const LIABILITY_COMMANDS = [
  command('ProposeLiability', BEARING, { grant: IdText, terms: LiabilityTerms }, 'begins a stream'),
  command('CountersignLiability', BEARING, { digest: Digest }),
  command('DeclineLiability', BEARING, { digest: Digest, reason: Text }),
  command('BringLiabilityInForce', ['system'], { digest: Digest }),
  command('ProposeLiabilityAmendment', BEARING, { terms: LiabilityTerms }),
  command('AmendLiability', ['system'], { digest: Digest }),
  command('EvidenceInsurance', ['insurer'], { policy: Name, period: Period, limit: Money }),
  command('LapseInsurance', ['insurer', 'system'], { policy: Name, reason: Text }),
  command('TerminateLiability', [...BEARING, 'system'], { reason: Text }),
] as const;

export type LiabilityCommand = CommandOf<(typeof LIABILITY_COMMANDS)[number]>;
