import { authorisationAt, authorisedItemAt, covers, isIssued } from '../authorisation/state.ts';
import { annexStandingOf, instrumentStandingOf } from '../authorisation/instrument.ts';
import { assess } from '../authorise.ts';
import type { AuthorisedSession } from '../grant/events.ts';
import { liabilityFor } from '../grant/activation.ts';
import { causesOf, type KnownGrant } from '../grant/state.ts';
import { noStanding, standing, type Instant, type Modality, type Since, type Standing } from '../kernel/index.ts';
import { familyOf, modelVersionAt } from '../model/decider.ts';
import { partnerAt } from '../partner/state.ts';
import { partyAt } from '../party/decider.ts';
import type { DomainView } from '../states.ts';
import { testerAt } from '../tester/decider.ts';

/** What a grant as a whole rests on: key → standing. */
export function restsOn(
  view: DomainView,
  id: string,
  grant: KnownGrant,
  now: Instant,
): readonly (readonly [string, Standing])[] {
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const modalities = isIssued(authorisation)
    ? authorisation.scope.items
        .filter(({ item }) => grant.scope.items.some((each) => each.item === item))
        .map(({ modality }) => modality)
    : [];
  const liabilities = [...new Set(modalities)].map((modality) => liabilityFor(id, modality, view, now).standing);
  // While one modality is covered the grant goes on; sessions by the others end.
  const liability = liabilities.find(({ holds }) => holds) ?? liabilities[0];
  return [
    [`party ${grant.party}`, partyAt(view.state('party', grant.party), now)],
    [`partner ${grant.partner}`, partnerAt(view.state('partner', grant.partner), now)],
    [`authorisation ${grant.scope.authorisation}`, authorisationAt(authorisation, now)],
    ...(isIssued(authorisation)
      ? [[`instrument ${authorisation.instrument}`, instrumentStandingOf(view, authorisation, now)] as const]
      : []),
    ...(isIssued(authorisation) && authorisation.annexEntry !== undefined
      ? [
          [
            `annex ${authorisation.instrument} ${authorisation.annexEntry}`,
            annexStandingOf(view, authorisation, now),
          ] as const,
        ]
      : []),
    // An amendment that no longer covers the grant is an ending; what it does to single items ends their sessions only.
    ...(isIssued(authorisation) && authorisation.amended !== undefined
      ? [
          [
            `scope ${grant.scope.authorisation}`,
            covers(authorisation, grant.scope)
              ? standing(authorisation.amended.by)
              : noStanding('the grant reaches beyond its amended authorisation', authorisation.amended),
          ] as const,
        ]
      : []),
    ...(liability ? [['liability', liability] as const] : []),
  ];
}

/** What of a session matters to its endings. */
export interface UsedBy {
  readonly testers: readonly string[];
  readonly modelVersion: string;
  readonly modality: Modality;
  /** The authorisation's item that it used; absent for a session that was only reported. */
  readonly item?: string;
  /** The release assessments that it was opened on. */
  readonly assessments?: AuthorisedSession['assessments'];
}

/** The first ending of what a session rests on; undefined while all of it holds. */
export function endingOf(
  view: DomainView,
  grantId: string,
  grant: KnownGrant,
  { testers, modelVersion, modality, item, assessments = [] }: UsedBy,
  now: Instant,
): { readonly since: Since; readonly reason: string } | undefined {
  const whole = restsOn(view, grantId, grant, now).map(([, on]) => on);
  const own: Standing[] = [
    ...(item === undefined
      ? []
      : [authorisedItemAt(view.state('authorisation', grant.scope.authorisation), item, now)]),
    liabilityFor(grantId, modality, view, now).standing,
    modelVersionAt(view.state('model', familyOf(view, modelVersion) ?? ''), modelVersion, now),
    ...testers.map((tester) => testerAt(view.state('tester', tester), now)),
    ...assessments.map((assessment) => stillAssessed(view, grant, item, assessment, now)),
  ];
  for (const on of [...whole, ...own]) if (!on.holds && on.ended) return { since: on.ended, reason: on.because };
  const cause = Object.values(causesOf(grant)).find(({ from }) => from <= now);
  if (cause) return { since: cause, reason: 'the grant is suspended' };
  if ('ended' in grant && grant.ended.from <= now)
    return { since: grant.ended, reason: `the grant is ${grant.status}` };
  return undefined;
}

/** A newly verified status that changes the release assessment ends what was opened on the former one. */
function stillAssessed(
  view: DomainView,
  grant: KnownGrant,
  item: string | undefined,
  { tester, policy, statusesBy, outcome, countries }: AuthorisedSession['assessments'][number],
  now: Instant,
): Standing {
  const state = view.state('tester', tester);
  const nationality = state === undefined || state.status === 'unknown' ? undefined : state.nationality;
  if (nationality === undefined || nationality.by === statusesBy || nationality.from > now)
    return standing(statusesBy as Since['by']);
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const permitted = isIssued(authorisation)
    ? authorisation.scope.items.find((each) => each.item === item)?.countries
    : undefined;
  const again = assess(view, tester, policy, now, permitted ?? []);
  // Who may not open the statuses cannot say that they changed anything.
  if ('rule' in again && again.rule === 'nationality-unknown') return standing(statusesBy as Since['by']);
  return !('rule' in again) && again.outcome === outcome && again.countries.join() === countries.join()
    ? standing(nationality.by)
    : noStanding(`a newly verified status changes the release assessment of ${tester}`, nationality);
}
