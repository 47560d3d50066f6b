import { createHash } from 'node:crypto';
import type { Recorded } from '@countersign/domain';

/* eslint-disable @typescript-eslint/no-explicit-any -- raw entries: this reads them without the domain's own types */
type Data = any;
interface Status {
  readonly from: number;
  readonly what: string;
}
interface Authorisation {
  applicant?: string;
  holder?: string;
  instrument: string;
  partner: string;
  scope?: Data;
  annexEntry?: string;
  conditions: number;
  acknowledged: boolean;
  final?: Status;
  suspended?: Status | undefined;
  revokedItems: Record<string, Status>;
  reserved: Record<string, Record<string, number>>;
}
interface Grant {
  requestedBy: string;
  scope: Data;
  party: string;
  partner: string;
  developer: string;
  authority: string;
  approvals: Record<string, string>;
  amendment?: { scope: Data; approvals: Record<string, string> } | undefined;
  used: Record<string, number>;
  sessions: Record<string, { item: string; reserved: number; index: number }>;
  causes: Map<string, number>;
  active: boolean;
  final?: Status;
}
interface Liability {
  grant: string;
  proposal?: { terms: Data; digest: string; signed: Record<string, number> } | undefined;
  versions: { from: number; terms: Data }[];
  terminated?: Status;
}

const all = (inner: Data, outer: Data): boolean =>
  outer === 'all' || (inner !== 'all' && (inner as unknown[]).every((each) => (outer as unknown[]).includes(each)));
const sorted = (value: Data): Data =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.keys(value as object)
            .sort()
            .map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
        )
      : value;
const digestOf = (terms: Data): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(terms)))
    .digest('hex');
const bearersOf = (terms: Data): string[] =>
  (terms.heads as Data[]).flatMap((head) => [...head.shares, ...head.layers].map((each: Data) => each.party as string));

const DECISIONS = new Set([
  'IntentToDenyIssued',
  'ApplicationReturnedWithoutAction',
  'AuthorisationDenied',
  'AuthorisationIssued',
  'ConditionsCommunicated',
  'AuthorisationSuperseded',
  'AuthorisationAmended',
  'AuthorisationSuspended',
  'AuthorisationReinstated',
  'AuthorisationRevoked',
]);
/** What may still be written of an authorisation that is over: reports, and its books. */
const AFTERWARDS = new Set(['ConditionReported', 'ConditionOverdue', 'AuthorisationReplenished']);

/**
 * Which rules are broken where, as more and more entries are read, in log order, each judged by those before it alone. It shares no
 * code with the deciders, so that both would have to be wrong in the same way.
 */
export function ruleWatch(): (entries: readonly Recorded[]) => readonly string[] {
  const kinds = new Map<string, string>();
  const families = new Map<string, string>();
  const instruments = new Map<
    string,
    { scope: Data; from: number; ended?: Status & { successor?: string }; annex: Data }
  >();
  const authorisations = new Map<string, Authorisation>();
  const grants = new Map<string, Grant>();
  const liabilities = new Map<string, Liability>();
  const partners = new Map<
    string,
    { until: number; from: number; out?: Status | undefined; suspended?: Status | undefined }
  >();
  const parties = new Map<string, Status | undefined>();
  const testers = new Map<string, { partner: string; from: number; until: number; out?: Status | undefined }>();
  const versions = new Map<string, { withdrawn?: Status; modalities: string[] }>();
  const criteria = new Map<string, { from: number; version: string }[]>();
  const authorised = new Map<string, Recorded>();
  const sessions = new Set<string>();
  const at = new Map<string, number>();
  const past = (status: Status | undefined, now: number): boolean => status !== undefined && status.from <= now;

  const read = (entry: Recorded, broken: string[]): void => {
    const { index, type, stream, actor, recordedAt: now, effectiveAt } = entry;
    const data = entry.data as Data;
    const must = (holds: boolean, rule: string, why: string) => {
      if (!holds) broken.push(`${rule} at ${index} ${type} of ${stream}: ${why}`);
    };
    const ends: Status = { from: effectiveAt, what: type };
    at.set(entry.id, index);
    const authorisation = authorisations.get(stream);
    const grant = grants.get(stream);
    const liability = liabilities.get(stream);

    const within = (scope: Data) => {
      const over = authorisations.get(scope.authorisation as string);
      const outer = over?.scope;
      must(outer !== undefined, 'R7', 'its authorisation was not issued');
      if (over === undefined || outer === undefined) return;
      must(all(scope.facilities, outer.facilities), 'R7', 'facilities');
      must(all(scope.places, outer.destinations), 'R7', 'places');
      must(all(scope.endUses, outer.endUses), 'R7', 'end uses');
      must(outer.period.from <= scope.period.from && scope.period.until <= outer.period.until, 'R7', 'time');
      for (const { item, amount, versions: named } of scope.items as Data[]) {
        const held = (outer.items as Data[]).find((each) => each.item === item);
        must(held !== undefined && amount <= held.quantity.amount, 'R7', `quantity of ${item}`);
        for (const version of named as string[])
          must(families.get(version) === held?.family, 'R7', `model ${version} under ${item}`);
      }
      for (const tester of scope.testers as string[])
        must(testers.get(tester)?.partner === over.partner, 'R7', `${tester} is not the partner's`);
    };
    const approvedByTwo = (approvals: Record<string, string>, held: Grant) => {
      const [developer, authority] = [approvals['developer'], approvals['allied-authority']];
      must(developer === held.developer && kinds.get(developer) === 'developer', 'R6', 'no approval by the developer');
      must(authority === held.authority && kinds.get(authority) === 'allied-authority', 'R6', 'none by the ally');
      must(developer !== authority, 'R6', 'one approved twice');
      must(![developer, authority].includes(held.requestedBy), 'R6', 'who asked has approved');
    };
    const covered = (id: string, modality: string) =>
      [...liabilities.values()].some((each) => {
        const version = each.versions.findLast(({ from }) => from <= now);
        return (
          each.grant === id &&
          version !== undefined &&
          !past(each.terminated, now) &&
          Date.parse(version.terms.period.from as string) <= now &&
          now < Date.parse(version.terms.period.until as string) &&
          (version.terms.modalities as string[]).includes(modality)
        );
      });
    const inForce = (id: string) => {
      const held = authorisations.get(id);
      return (
        held?.scope !== undefined &&
        !past(held.final, now) &&
        !past(held.suspended, now) &&
        Date.parse(held.scope.period.from as string) <= now &&
        now < Date.parse(held.scope.period.until as string)
      );
    };
    const admitted = (id: string) => {
      const held = partners.get(id);
      return (
        held !== undefined && held.from <= now && now < held.until && !past(held.out, now) && !past(held.suspended, now)
      );
    };

    /** R7: what is issued, and what is amended, lies within the instrument that stands in place of its own. */
    const liesWithin = () => {
      const held = authorisations.get(stream);
      if (!held) return;
      held.scope = data.scope;
      let id = held.instrument;
      for (let next = instruments.get(id); next?.ended?.successor && past(next.ended, now); next = instruments.get(id))
        id = next.ended.successor;
      const outer = instruments.get(id)?.scope;
      must(outer !== undefined && all(data.scope.destinations, outer.destinations), 'R7', 'destinations');
      for (const { family, modality, item, quantity } of data.scope.items as Data[]) {
        must(all([family], outer?.families ?? []), 'R7', `family of ${item}`);
        must((outer?.modalities ?? []).includes(modality), 'R7', `modality of ${item}`);
        const reserved = Object.values(held.reserved).reduce((sum, each) => sum + (each[item] ?? 0), 0);
        must(reserved <= quantity.amount, 'R5', `${reserved} of ${item} are reserved`);
      }
    };

    if (authorisation !== undefined) {
      if (DECISIONS.has(type)) {
        must(kinds.get(actor) === 'licensing-authority', 'R3', `${actor} decides`);
        must(actor !== authorisation.applicant && actor !== authorisation.holder, 'R3', 'the applicant decides');
      }
      if (past(authorisation.final, now)) must(AFTERWARDS.has(type), 'R4', `after ${authorisation.final?.what ?? ''}`);
    }
    switch (type) {
      case 'PartyRegistered':
        kinds.set(stream, data.kind as string);
        break;
      case 'PartySuspended':
        parties.set(stream, ends);
        break;
      case 'PartyReinstated':
        parties.set(stream, undefined);
        break;
      case 'ModelVersionReleased':
        families.set(data.version as string, stream);
        versions.set(data.version as string, { modalities: data.modalities as string[] });
        break;
      case 'ModelVersionWithdrawn':
        versions.set(data.version as string, {
          modalities: [],
          ...versions.get(data.version as string),
          withdrawn: ends,
        });
        break;
      case 'InstrumentRecorded':
        instruments.set(stream, { scope: data.scope, from: effectiveAt, annex: {} });
        break;
      case 'AnnexEntryAdded': {
        const held = instruments.get(stream);
        if (held) held.annex[data.entry] = { party: data.party, items: data.items };
        break;
      }
      case 'AnnexEntryRemoved': {
        const held = instruments.get(stream);
        if (held?.annex[data.entry]) held.annex[data.entry].removed = ends;
        break;
      }
      case 'InstrumentSuperseded':
      case 'InstrumentLifted': {
        const held = instruments.get(stream);
        if (held)
          held.ended = { ...ends, ...(data.successor === undefined ? {} : { successor: data.successor as string }) };
        break;
      }
      case 'CriteriaSetCameIntoForce':
        criteria.set(stream, [...(criteria.get(stream) ?? []), { from: effectiveAt, version: data.version as string }]);
        break;
      case 'PartnerAdmitted':
      case 'AdmissionRenewed': {
        const before = partners.get(stream);
        const from = Date.parse(data.period.from as string);
        partners.set(stream, {
          ...before,
          from: before && before.until >= from ? before.from : from,
          until: Date.parse(data.period.until as string),
        });
        break;
      }
      case 'PartnerSuspended':
      case 'PartnerReinstated': {
        const held = partners.get(stream);
        if (held) held.suspended = type === 'PartnerSuspended' ? ends : undefined;
        break;
      }
      case 'PartnerRemoved': {
        const held = partners.get(stream);
        if (held) held.out = ends;
        break;
      }
      case 'TesterRostered':
        testers.set(stream.slice('tester-'.length), { partner: data.partner as string, from: Infinity, until: 0 });
        break;
      case 'ClearanceRecorded': {
        const held = testers.get(stream.slice('tester-'.length));
        if (held)
          Object.assign(held, {
            from: Date.parse(data.period.from as string),
            until: Date.parse(data.period.until as string),
            out: undefined,
          });
        break;
      }
      case 'ClearanceEnded':
      case 'TesterWithdrawn': {
        const held = testers.get(stream.slice('tester-'.length));
        if (held) held.out = ends;
        break;
      }

      case 'AuthorisationApplied':
        authorisations.set(stream, {
          applicant: actor,
          holder: actor,
          instrument: data.instrument as string,
          partner: data.partner as string,
          conditions: 0,
          acknowledged: false,
          revokedItems: {},
          reserved: {},
        });
        break;
      case 'AuthorisationIssued': {
        must(kinds.get(actor) === 'licensing-authority' && actor !== data.holder, 'R3', `${actor} issues`);
        const held = authorisation ?? {
          instrument: data.instrument as string,
          partner: data.partner as string,
          conditions: 0,
          acknowledged: false,
          revokedItems: {},
          reserved: {},
        };
        must(held.scope === undefined, 'R4', 'issued twice');
        Object.assign(held, { holder: data.holder, scope: data.scope, conditions: data.conditions.length });
        if (data.annexEntry !== undefined) held.annexEntry = data.annexEntry as string;
        authorisations.set(stream, held);
        const instrument = instruments.get(held.instrument);
        must(
          instrument !== undefined &&
            instrument.from <= now &&
            (!past(instrument.ended, now) || instrument.ended?.what === 'InstrumentLifted'),
          'R7',
          'its instrument is neither in force nor lifted',
        );
        liesWithin();
        break;
      }
      case 'AuthorisationAmended':
        liesWithin();
        break;
      case 'AuthorisationDenied':
      case 'ApplicationReturnedWithoutAction':
      case 'AuthorisationExpired':
      case 'AuthorisationSuperseded':
        if (authorisation) authorisation.final = ends;
        break;
      case 'AuthorisationRevoked': {
        if (!authorisation) break;
        for (const item of (data.items ?? []) as string[]) authorisation.revokedItems[item] = ends;
        const items = (authorisation.scope.items as Data[]).map(
          ({ item }) => authorisation.revokedItems[item as string],
        );
        if (data.items === undefined) authorisation.final = ends;
        else if (items.every((each) => each !== undefined))
          authorisation.final = { ...ends, from: Math.max(...items.map((each) => each?.from ?? 0)) };
        break;
      }
      case 'AuthorisationSuspended':
      case 'AuthorisationReinstated':
        if (authorisation) {
          if (type === 'AuthorisationReinstated')
            must(authorisation.suspended !== undefined, 'R4', 'only a suspension is reversible');
          authorisation.suspended = type === 'AuthorisationSuspended' ? ends : undefined;
        }
        break;
      case 'ConditionsAcknowledged':
        if (authorisation) authorisation.acknowledged = true;
        break;
      case 'AuthorisationDecremented': {
        if (!authorisation) break;
        authorisation.reserved[data.grant] = Object.fromEntries(
          data.items.map((each: Data) => [each.item, each.amount]),
        );
        for (const { item, quantity } of authorisation.scope.items as Data[]) {
          const sum = Object.values(authorisation.reserved).reduce((total, each) => total + (each[item] ?? 0), 0);
          must(sum <= quantity.amount, 'R5', `${sum} of ${item} are reserved, of ${quantity.amount}`);
        }
        break;
      }
      case 'AuthorisationReplenished': {
        const held = authorisation?.reserved[data.grant as string];
        for (const { item, amount } of data.items as Data[]) {
          if (held) held[item] = (held[item] ?? 0) - amount;
          must(
            (held?.[item] ?? -1) >= (grants.get(data.grant as string)?.used[item] ?? 0),
            'R5',
            `more of ${item} came back than is unused`,
          );
        }
        break;
      }

      case 'GrantRequested':
        grants.set(stream, {
          requestedBy: actor,
          scope: data.scope,
          party: data.party as string,
          partner: data.partner as string,
          developer: data.developer as string,
          authority: data.authority as string,
          approvals: {},
          used: {},
          sessions: {},
          causes: new Map(),
          active: false,
        });
        within(data.scope);
        break;
      case 'GrantApproved':
        if (grant)
          (data.of === 'grant' ? grant.approvals : (grant.amendment?.approvals ?? {}))[data.as as string] = actor;
        break;
      case 'GrantAmendmentRequested':
        if (grant) grant.amendment = { scope: data.scope, approvals: {} };
        within(data.scope);
        break;
      case 'GrantAmended':
        if (!grant) break;
        approvedByTwo(grant.amendment?.approvals ?? {}, grant);
        must(
          JSON.stringify(grant.amendment?.scope) === JSON.stringify(data.scope),
          'R6',
          'another scope than was approved',
        );
        within(data.scope);
        grant.scope = data.scope;
        grant.amendment = undefined;
        for (const { item, amount } of data.scope.items as Data[])
          must((grant.used[item] ?? 0) <= amount, 'R9', item as string);
        break;
      case 'GrantActivated': {
        if (!grant) break;
        grant.active = true;
        approvedByTwo(grant.approvals, grant);
        within(grant.scope);
        const over = authorisations.get(grant.scope.authorisation as string);
        must(admitted(grant.partner), 'R8', 'the partner is not admitted');
        must(inForce(grant.scope.authorisation as string), 'R8', 'the authorisation is not issued');
        must(over?.conditions === 0 || over?.acknowledged === true, 'R8', 'conditions are not acknowledged');
        for (const { item, amount } of grant.scope.items as Data[]) {
          must(over?.reserved[stream]?.[item] === amount, 'R8', `${item} is not reserved`);
          const modality = (over?.scope.items as Data[]).find((each) => each.item === item)?.modality;
          must(covered(stream, modality as string), 'R8', `no liability in force covers ${modality}`);
        }
        break;
      }
      case 'GrantSuspended':
        for (const { key } of data.causes as Data[]) grant?.causes.set(key as string, effectiveAt);
        break;
      case 'GrantReinstated':
        for (const { key } of data.lifted as Data[]) grant?.causes.delete(key as string);
        break;
      case 'GrantRevoked':
      case 'GrantExpired':
        if (grant) grant.final = ends;
        break;
      case 'SessionAuthorised': {
        if (!grant) break;
        const over = authorisations.get(grant.scope.authorisation as string);
        const item = (over?.scope.items as Data[]).find((each) => each.item === data.item);
        authorised.set(data.session as string, entry);
        grant.sessions[data.session] = { item: data.item, reserved: data.reserved, index };
        grant.used[data.item] = (grant.used[data.item] ?? 0) + data.reserved;
        const quota = (grant.scope.items as Data[]).find((each) => each.item === data.item);
        must(
          (grant.used[data.item] ?? 0) <= (quota?.amount ?? 0),
          'R9',
          `${grant.used[data.item]} of ${quota?.amount}`,
        );
        must(actor === grant.party && !past(parties.get(grant.party), now), 'R10', 'party');
        must(admitted(grant.partner), 'R10', 'partner');
        const version = versions.get(data.modelVersion as string);
        must(version !== undefined && !past(version.withdrawn, now), 'R10', 'model version');
        must(version?.modalities.includes(data.modality as string) ?? false, 'R10', 'modality of the model');
        must((quota?.versions ?? []).includes(data.modelVersion), 'R10', 'model version on the grant');
        must(
          grant.active && [...grant.causes.values()].every((from) => from > now) && !past(grant.final, now),
          'R10',
          'grant',
        );
        must(
          Date.parse(grant.scope.period.from as string) <= now && now < Date.parse(grant.scope.period.until as string),
          'R10',
          'time of the grant',
        );
        must(inForce(grant.scope.authorisation as string), 'R10', 'authorisation');
        must(!past(over?.revokedItems[data.item as string], now), 'R10', 'item');
        must(
          item?.modality === data.modality && item?.family === families.get(data.modelVersion as string),
          'R10',
          'modality',
        );
        must(covered(stream, data.modality as string), 'R10', 'liability');
        must((grant.scope.places as string[]).includes(data.place as string), 'R10', 'place');
        must(all([data.place], over?.scope.destinations ?? []), 'R10', 'place of the authorisation');
        must(
          data.facility === undefined || (grant.scope.facilities as string[]).includes(data.facility as string),
          'R10',
          'facility',
        );
        must((grant.scope.endUses as string[]).includes(data.endUse as string), 'R10', 'end use');
        for (const tester of data.testers as string[]) {
          const held = testers.get(tester);
          must(held?.partner === grant.partner, 'R10', `${tester} is not rostered`);
          must(
            held !== undefined && held.from <= now && now < held.until && !past(held.out, now),
            'R10',
            `${tester} is not cleared`,
          );
          must((grant.scope.testers as string[]).includes(tester), 'R10', `${tester} is not on the grant`);
          const assessed = (data.assessments as Data[]).find((each) => each.tester === tester);
          must(assessed !== undefined, 'R10', `${tester} is not assessed`);
          must(
            assessed?.outcome === 'no-release' || all(assessed?.countries, item?.countries ?? []),
            'R10',
            `${tester}: release`,
          );
        }
        const parts = ['party', 'partner', 'modelVersion', 'grant', 'authorisation', 'liability'];
        for (const part of [...parts, ...(data.testers as string[]).map((tester) => `tester:${tester}`)])
          must(at.has(data.basis[part] as string), 'R10', `its basis names no ${part}`);
        const version11 = (criteria.get(data.criteria.set as string) ?? []).filter(({ from }) => from <= now);
        const last = version11.reduce<Data>(
          (held, each) => (held === undefined || each.from >= held.from ? each : held),
          undefined,
        );
        must(last?.version === data.criteria.version, 'R11', `${data.criteria.version} is not in force`);
        break;
      }
      case 'SessionQuotaReturned': {
        const use = grant?.sessions[data.session as string];
        must(use !== undefined && data.amount <= use.reserved, 'R5', 'more than it took');
        if (grant && use) grant.used[use.item] = (grant.used[use.item] ?? 0) - (data.amount as number);
        break;
      }
      case 'SessionOpened': {
        const decided = authorised.get(stream);
        must(decided?.id === data.authorised, 'R10', 'no decision of that id');
        must(!sessions.has(stream), 'R10', 'opened twice');
        sessions.add(stream);
        const { grant: _, party: __, authorised: ___, ...same } = data;
        must(JSON.stringify(sorted(same)) === JSON.stringify(sorted(decided?.data)), 'R11', 'other than was decided');
        break;
      }

      case 'LiabilityProposed':
      case 'LiabilityAmendmentProposed': {
        for (const { head, regime, shares } of data.terms.heads as Data[])
          if (regime !== 'cross-waiver' && regime !== 'excluded')
            must(
              (shares as Data[]).reduce((sum, each) => sum + (each.basisPoints as number), 0) === 10_000,
              'R19',
              head as string,
            );
        must(digestOf(data.terms) === data.digest, 'R20', 'the digest is of another text');
        const proposal = { terms: data.terms, digest: data.digest as string, signed: {} };
        if (liability) liability.proposal = proposal;
        else liabilities.set(stream, { grant: data.grant as string, proposal, versions: [] });
        break;
      }
      case 'LiabilityCountersigned':
        must(liability?.proposal?.digest === data.digest, 'R20', 'another text is on the table');
        if (liability?.proposal) liability.proposal.signed[actor] = now;
        break;
      case 'LiabilityDeclined':
        if (liability?.proposal) liability.proposal.signed = {};
        break;
      case 'LiabilityInForce':
      case 'LiabilityAmended': {
        const { proposal } = liability ?? {};
        if (!liability || !proposal) break;
        must(proposal.digest === data.digest, 'R20', 'another text than was signed');
        for (const party of bearersOf(proposal.terms)) must(party in proposal.signed, 'R20', `${party} has not signed`);
        must(effectiveAt >= Math.max(...Object.values(proposal.signed)), 'R20', 'it counts from before it was signed');
        liability.versions.push({ from: effectiveAt, terms: proposal.terms });
        liability.proposal = undefined;
        break;
      }
      case 'LiabilityTerminated':
        if (liability) liability.terminated = ends;
        break;
    }
  };
  return (entries) => {
    const broken: string[] = [];
    for (const entry of entries) read(entry, broken);
    return broken;
  };
}
