/** A citizenship or permanent residency, as of a day. */
export interface PersonStatus {
  readonly kind: 'citizenship' | 'permanent-residency';
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** The UTC day from which it holds, or `birth`. */
  readonly since: string;
  readonly until?: string;
}
export interface PersonStatuses {
  readonly statuses: readonly PersonStatus[];
  /** 8 U.S.C. 1324b(a)(3): a protected individual is no foreign person. */
  readonly protectedPerson: boolean;
  /** Where two statuses have one date: the country that the allied authority found to count. */
  readonly countsOnTie?: string;
}

export type ReleasePolicy = 'ear-most-recent' | 'itar-all-held';

export type ReleaseAssessment =
  | { readonly outcome: 'no-release'; readonly because: 'us-person' | 'protected-person' }
  /** A release to these countries, each of which must be permitted; one under `ear-most-recent`. */
  | { readonly outcome: 'release'; readonly countries: readonly [string, ...string[]] }
  | { readonly outcome: 'undecided'; readonly because: 'no-status' | 'same-date' };

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The statuses in a person's data; undefined if they are of another form, or none. */
export function parseStatuses(fields: Readonly<Record<string, unknown>>): PersonStatuses | undefined {
  const { statuses, protectedPerson = false, countsOnTie } = fields;
  if (!Array.isArray(statuses) || statuses.length === 0 || statuses.length > 50) return undefined;
  if (typeof protectedPerson !== 'boolean') return undefined;
  if (countsOnTie !== undefined && !isCountry(countsOnTie)) return undefined;
  for (const status of statuses as unknown[]) {
    if (typeof status !== 'object' || status === null) return undefined;
    const { kind, country, since, until } = status as Record<string, unknown>;
    if (kind !== 'citizenship' && kind !== 'permanent-residency') return undefined;
    if (!isCountry(country)) return undefined;
    if (since !== 'birth' && !(typeof since === 'string' && DAY.test(since))) return undefined;
    if (until !== undefined && !(typeof until === 'string' && DAY.test(until))) return undefined;
  }
  return {
    statuses: statuses as PersonStatus[],
    protectedPerson,
    ...(countsOnTie === undefined ? {} : { countsOnTie: countsOnTie as string }),
  };
}

const isCountry = (value: unknown): boolean => typeof value === 'string' && /^[A-Z]{2}$/.test(value);

/**
 * To which country letting a person see technology is a release. A US citizen or permanent resident, or a protected
 * person, is no foreign person: no release. Else
 *
 * - `ear-most-recent`: the most recent citizenship or permanent residency (15 CFR 734.13(b) in the US, 734.14(b)
 *   abroad); two of one date are undecided until the allied authority verifies which one counts;
 * - `itar-all-held`: every country of which the person holds or has held citizenship, or holds permanent residency
 *   (22 CFR 120.50(b), 120.51(b)): a release to each of them.
 */
export function assessRelease(policy: ReleasePolicy, person: PersonStatuses, day: string): ReleaseAssessment {
  const began = person.statuses.filter(({ since }) => since === 'birth' || since <= day);
  const held = began.filter(({ until }) => until === undefined || until > day);
  if (person.protectedPerson) return { outcome: 'no-release', because: 'protected-person' };
  if (held.some(({ country }) => country === 'US')) return { outcome: 'no-release', because: 'us-person' };
  if (policy === 'itar-all-held') {
    const all = began.filter((status) => status.kind === 'citizenship' || held.includes(status));
    const [first, ...rest] = [...new Set(all.map(({ country }) => country))].sort();
    return first === undefined
      ? { outcome: 'undecided', because: 'no-status' }
      : { outcome: 'release', countries: [first, ...rest] };
  }
  const date = ({ since }: PersonStatus) => (since === 'birth' ? '' : since);
  const latest = held.reduce((most, status) => (date(status) > most ? date(status) : most), '');
  const [first, ...others] = [
    ...new Set(held.filter((status) => date(status) === latest).map(({ country }) => country)),
  ];
  if (first === undefined) return { outcome: 'undecided', because: 'no-status' };
  if (others.length === 0) return { outcome: 'release', countries: [first] };
  return person.countsOnTie !== undefined && [first, ...others].includes(person.countsOnTie)
    ? { outcome: 'release', countries: [person.countsOnTie] }
    : { outcome: 'undecided', because: 'same-date' };
}
