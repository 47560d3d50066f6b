import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import type { PartyId } from '@countersign/domain';
import { Tokens, Vault, type Caller } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'vault-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the vault', () => {
  test('keeps a signing key for each purpose, readable by its owner only', () => {
    const first = new Vault(folder).signingKey('log').export({ format: 'jwk' });
    expect(new Vault(folder).signingKey('log').export({ format: 'jwk' })).toEqual(first);
    expect(new Vault(folder).signingKey('export').export({ format: 'jwk' })).not.toEqual(first);
    expect(new Vault(folder).signingKey('log-ml-dsa-44').asymmetricKeyType).toBe('ml-dsa-44');
    expect(statSync(join(folder, 'keys/log.pem')).mode & 0o777).toBe(0o600);
  });

  test('keeps a key for each person until it is destroyed, and then never again the same', () => {
    const vault = new Vault(folder);
    expect(vault.existingKey('p-01')).toBeUndefined();
    const key = vault.keyFor('p-01');
    expect(Buffer.from(new Vault(folder).keyFor('p-01'))).toEqual(Buffer.from(key));
    vault.destroyKey('p-01');
    expect(vault.existingKey('p-01')).toBeUndefined();
    expect(new Vault(folder).existingKey('p-01')).toBeUndefined();
  });
});

describe('a token', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const settings = { issuer: 'https://ledger.example', audience: 'https://ledger.example' };
  const tokens = new Tokens(privateKey, settings);
  const caller: Caller = { party: 'party-us-la' as PartyId, role: 'licensing-authority', subject: 'party-us-la' };

  test('says who calls', async () => {
    const token = await tokens.issue(caller, 60);
    expect(await tokens.verify(token)).toEqual(caller);
    expect(await tokens.verify(token)).toEqual(caller);
  });

  test('is worth nothing once expired, for another audience, or signed by another', async () => {
    expect(await tokens.verify(await tokens.issue(caller, -5))).toHaveProperty('problem');
    const elsewhere = new Tokens(privateKey, { ...settings, audience: 'https://other.example' });
    expect(await tokens.verify(await elsewhere.issue(caller, 60))).toHaveProperty('problem');
    const stranger = new Tokens(generateKeyPairSync('ed25519').privateKey, settings);
    expect(await tokens.verify(await stranger.issue(caller, 60))).toHaveProperty('problem');
  });

  test('of another type or algorithm is refused, whatever its header says', async () => {
    const plain = await new SignJWT({ party: caller.party, role: caller.role })
      .setProtectedHeader({ alg: 'Ed25519' })
      .setSubject(caller.subject)
      .sign(privateKey);
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${plain.split('.')[1] ?? ''}.`;
    expect(await tokens.verify(plain)).toHaveProperty('problem');
    expect(await tokens.verify(none)).toHaveProperty('problem');
  });

  test('that nobody issued never passes and never throws', async () => {
    const good = await tokens.issue(caller, 60);
    const broken = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(good.length - 1), fc.constantFrom(...'ABYZabyz0189-_')).map(([at, c]) => {
        const changed = good.slice(0, at) + c + good.slice(at + 1);
        // The last character of a part carries bits that Base64 ignores.
        return changed === good || /[.]/.test(good[at + 1] ?? '.') ? 'x' : changed;
      }),
    );
    await fc.assert(
      fc.asyncProperty(broken, async (token) => expect(await tokens.verify(token)).toHaveProperty('problem')),
    );
  });
});
