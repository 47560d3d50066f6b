import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { verifySignature, type Verifiers } from './cosignature.ts';
import type { HashFn } from './hash.ts';
import {
  COSIGNATURE_ED25519,
  COSIGNATURE_ML_DSA_44,
  ED25519,
  FormatError,
  isBy,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from './note.ts';

type Member = { readonly witness: VerifierKey } | { readonly threshold: number; readonly of: readonly string[] };

/** What a verifier is given (C2SP tlog-policy): logs that it takes, witnesses, and whom of these it asks for. */
export interface Policy {
  readonly logs: readonly VerifierKey[];
  /** Name in the policy → witness, or group. */
  readonly members: ReadonlyMap<string, Member>;
  /** Name of a witness or group, or `none`. */
  readonly quorum: string;
}

/** @throws FormatError that names the line */
export function parsePolicy(sha256: HashFn, text: string): Policy {
  const logs: VerifierKey[] = [];
  const members = new Map<string, Member>();
  let quorum: string | undefined;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.replace(/^[ \t]+|[ \t]+$/g, '');
    if (line === '' || line.startsWith('#')) continue;
    const wrong = (detail: string) => new FormatError(`line ${i + 1} of the policy: ${detail}`);
    const [word, ...rest] = line.split(/[ \t]+/) as [string, ...string[]];
    const key = (vkey: string | undefined): VerifierKey => {
      try {
        return parseVerifierKey(sha256, vkey ?? '');
      } catch (error) {
        throw wrong((error as Error).message);
      }
    };
    const define = (name: string | undefined, member: Member): void => {
      if (name === undefined || name === 'none' || members.has(name)) throw wrong(`the name ${name} cannot be defined`);
      members.set(name, member);
    };
    if (word === 'log' && (rest.length === 1 || rest.length === 2)) {
      const log = key(rest[0]);
      if (log.type === COSIGNATURE_ED25519) throw wrong('a log signs, a witness cosigns');
      if (logs.some((each) => same(each, log))) throw wrong('the log is there already');
      logs.push(log);
    } else if (word === 'witness' && (rest.length === 2 || rest.length === 3)) {
      const witness = key(rest[1]);
      if (witness.type !== COSIGNATURE_ED25519 && witness.type !== COSIGNATURE_ML_DSA_44)
        throw wrong('a witness’s key is one of a cosignature');
      if ([...members.values()].some((each) => 'witness' in each && same(each.witness, witness)))
        throw wrong('the witness is there already');
      define(rest[0], { witness });
    } else if (word === 'group' && rest.length >= 3) {
      const [name, count = '', ...of] = rest;
      const unknown = of.find((each) => !members.has(each));
      if (unknown !== undefined) throw wrong(`${unknown} is not defined before it`);
      if (new Set(of).size < of.length) throw wrong('a member comes twice');
      const threshold =
        count === 'all' ? of.length : count === 'any' ? 1 : /^[1-9]\d{0,5}$/.test(count) ? Number(count) : 0;
      if (threshold < 1 || threshold > of.length) throw wrong('a group asks for all, any, or 1 to all of its members');
      define(name, { threshold, of });
    } else if (word === 'quorum' && rest.length === 1) {
      if (quorum !== undefined) throw wrong('there is a quorum already');
      const [name = ''] = rest;
      if (name !== 'none' && !members.has(name)) throw wrong(`${name} is not defined before it`);
      quorum = name;
    } else throw wrong('it is not understood');
  }
  if (quorum === undefined) throw new FormatError('the policy has no quorum');
  if (!logs.some(({ type }) => type === ED25519)) throw new FormatError('the policy pins no log');
  return { logs, members, quorum };
}

/** The same public key, whatever its name. */
const same = (a: VerifierKey, b: VerifierKey): boolean =>
  a.publicKey.length === b.publicKey.length && a.publicKey.every((byte, i) => b.publicKey[i] === byte);

/** A checkpoint that a policy accepts, and why. */
export interface TrustedCheckpoint extends Checkpoint {
  /** The log keys of the policy that signed it. */
  readonly logs: readonly VerifierKey[];
  /** Names in the policy of the witnesses that cosigned it, and when: seconds, POSIX. */
  readonly witnesses: ReadonlyMap<string, number>;
}

/**
 * Opens a signed checkpoint: signed by a log of the policy under its origin, cosigned by its quorum. A signature that
 * names a key of the policy and does not hold refuses the whole note; those of unknown keys are passed over.
 *
 * @throws FormatError that says what does not hold
 */
export function openCheckpoint(verifiers: Verifiers, policy: Policy, note: string): TrustedCheckpoint {
  const { text, signatures } = parseNote(note);
  const checkpoint = parseCheckpoint(text);
  const logs: VerifierKey[] = [];
  const witnesses = new Map<string, number>();
  for (const signature of signatures) {
    for (const log of policy.logs) {
      if (!isBy(log, signature) || log.name !== checkpoint.origin) continue;
      if (!verifySignature(verifiers, log, checkpoint, signature).valid)
        throw new FormatError(`the signature of ${log.name} does not hold`);
      logs.push(log);
    }
    for (const [name, member] of policy.members) {
      if (!('witness' in member) || !isBy(member.witness, signature)) continue;
      const { valid, timestamp = 0 } = verifySignature(verifiers, member.witness, checkpoint, signature);
      if (!valid) throw new FormatError(`the cosignature of ${name} does not hold`);
      witnesses.set(name, timestamp);
    }
  }
  if (logs.length === 0) throw new FormatError('no log that the policy pins has signed it');
  const has = (name: string): boolean => {
    const member = policy.members.get(name);
    if (member === undefined) return false;
    return 'witness' in member ? witnesses.has(name) : member.of.filter(has).length >= member.threshold;
  };
  if (policy.quorum !== 'none' && !has(policy.quorum))
    throw new FormatError(`the quorum ${policy.quorum} of the policy has not cosigned it`);
  return { ...checkpoint, logs, witnesses };
}
