import type { Recorded, Refs } from '@countersign/domain';

type Ref = keyof Refs;

/** Which ref names a stream of a category. */
const OF_CATEGORY: Readonly<Record<string, Ref>> = {
  party: 'parties',
  partner: 'partner',
  model: 'modelFamily',
  instrument: 'instrument',
  tester: 'testers',
  authorisation: 'authorisation',
  grant: 'grant',
  session: 'session',
  liability: 'liability',
  audit: 'audit',
};

/** What naming one thing brings with it: an entry about a session is about its grant, and so on. */
const BRINGS: Readonly<Partial<Record<Ref, readonly Ref[]>>> = {
  partner: ['ally'],
  modelVersion: ['modelFamily'],
  authorisation: ['ally', 'partner', 'modelFamily', 'instrument'],
  grant: ['ally', 'partner', 'modelFamily', 'modelVersion', 'authorisation'],
  session: [
    'ally',
    'partner',
    'modelFamily',
    'modelVersion',
    'instrument',
    'authorisation',
    'grant',
    'testers',
    'liability',
  ],
  liability: ['ally', 'partner', 'grant', 'authorisation'],
};

/**
 * Everything that refs lack, found from the entries alone: who acted, the stream itself, every known id that the data
 * names, and what those things were about when they began. Asks none of the deciders' code.
 */
export function refsWatch(): (entries: readonly Recorded[]) => readonly string[] {
  const kinds = new Map<string, Ref>();
  const about = new Map<string, Refs>();
  const read = (entry: Recorded, lacking: string[]): void => {
    const { index, type, stream, refs, data, actor } = entry;
    const category = stream.slice(0, stream.indexOf('-'));
    const id = category === 'tester' ? stream.slice('tester-'.length) : stream;
    const ref = OF_CATEGORY[category];
    const wants: [Ref, string, string][] = [];
    if (actor !== 'system') wants.push(['parties', actor, 'who acted']);
    if (ref) {
      wants.push([ref, id, 'its stream']);
      kinds.set(id, ref);
    }
    if (type === 'ModelVersionReleased') kinds.set((data as { version: string }).version, 'modelVersion');
    // The audit's own scope says what it looks at; what a session rests on by event ids is no id of a thing.
    for (const named of idsIn(data)) {
      const kind = kinds.get(named);
      if (kind) wants.push([kind, named, 'named in its data']);
    }
    for (const kind of Object.keys(BRINGS) as Ref[])
      for (const each of refs[kind] ?? [])
        for (const brought of BRINGS[kind] ?? [])
          if (!narrower(entry, kind, brought))
            for (const other of about.get(each)?.[brought] ?? [])
              wants.push([brought, other, `as ${each} is about it`]);
    for (const [kind, wanted, why] of wants)
      if (!refs[kind]?.includes(wanted)) lacking.push(`${index} ${type}: ${kind} ${wanted}, ${why}`);
    if (ref && !about.has(id)) about.set(id, refs);
    if (type === 'ModelVersionReleased') about.set((data as { version: string }).version, { modelFamily: [stream] });
    for (const [kind, ids] of Object.entries(refs))
      if ([...new Set(ids as string[])].sort().join() !== (ids as string[]).join())
        lacking.push(`${index} ${type}: ${kind} is not sorted, or has one twice`);
  };
  return (entries) => {
    const lacking: string[] = [];
    for (const entry of entries) read(entry, lacking);
    return lacking;
  };
}

/** Where an entry is about less than the thing that it names. */
function narrower({ type, stream, refs }: Recorded, kind: Ref, brought: Ref): boolean {
  const ofModel = brought === 'modelFamily' || brought === 'modelVersion';
  // About one session of a grant, or one that was refused: its own model, not all of the grant's.
  if (kind !== 'session' && kind !== 'modelVersion' && (refs.session || stream.startsWith('denial-'))) return ofModel;
  // An authorisation is for families; a grant that uses it picks the versions.
  if (type === 'AuthorisationDecremented' || type === 'AuthorisationReplenished') return brought === 'modelVersion';
  // An audit looks at grants and sessions; whom they let in is theirs.
  if (stream.startsWith('audit-')) return brought === 'testers' || brought === 'liability';
  return false;
}

function* idsIn(value: unknown): Iterable<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) yield* idsIn(each);
}
