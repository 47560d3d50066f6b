import { createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { isId, type PartyId, type Role } from '@countersign/domain';

/** Who calls, as the token says and the ledger believes. */
export interface Caller {
  readonly party: PartyId;
  readonly role: Role;
  /** The party itself, or one of its persons. */
  readonly subject: string;
}

export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
}

const ROLES: ReadonlySet<string> = new Set<Role>([
  'licensing-authority',
  'allied-authority',
  'developer',
  'trusted-partner',
  'auditor',
  'regulator',
  'insurer',
  'custodian',
]);

/** Bearer tokens: JWT (RFC 7519) with the care of RFC 8725 — one algorithm, one type, issuer and audience checked. */
export class Tokens {
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly #settings: TokenSettings;
  /** Verified before, until they expire (seconds); a signature is not verified twice. */
  readonly #known = new Map<string, { caller: Caller; expires: number }>();

  constructor(key: KeyObject, settings: TokenSettings) {
    this.#key = key;
    this.#public = createPublicKey(key);
    this.#settings = settings;
  }

  issue(caller: Caller, lifetimeSeconds: number): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ party: caller.party, role: caller.role })
      .setProtectedHeader({ alg: 'Ed25519', typ: 'at+jwt' })
      .setIssuer(this.#settings.issuer)
      .setAudience(this.#settings.audience)
      .setSubject(caller.subject)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + lifetimeSeconds)
      .sign(this.#key);
  }

  /** The caller, or what is wrong with the token in words that give nothing away. */
  async verify(token: string): Promise<Caller | { readonly problem: string }> {
    const known = this.#known.get(token);
    if (known && known.expires > Date.now() / 1000) return known.caller;
    try {
      const { payload } = await jwtVerify(token, this.#public, {
        algorithms: ['Ed25519'],
        typ: 'at+jwt',
        issuer: this.#settings.issuer,
        audience: this.#settings.audience,
        requiredClaims: ['sub', 'exp', 'iat', 'jti'],
      });
      const { party, role, sub, exp } = payload;
      if (!isId(party) || !isId(sub) || typeof role !== 'string' || !ROLES.has(role))
        return { problem: 'the token names no party, subject or role' };
      const caller: Caller = { party: party as PartyId, role: role as Role, subject: sub };
      if (this.#known.size >= 4096) this.#known.delete(this.#known.keys().next().value as string);
      this.#known.set(token, { caller, expires: exp as number });
      return caller;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { problem: 'the token has expired' };
      if (error instanceof errors.JOSEError || error instanceof TypeError) return { problem: 'the token is not valid' };
      throw error;
    }
  }
}
