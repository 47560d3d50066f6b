import { createHash, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ed25519CosignedMessage } from './cosignature.ts';
import {
  COSIGNATURE_ED25519,
  COSIGNATURE_ML_DSA_44,
  decodeBase64,
  ED25519,
  FormatError,
  formatCheckpoint,
  formatNote,
  formatProof,
  formatVerifierKey,
  mlDsa44CosignedMessage,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  parseProof,
  parseVerifierKey,
  signatureLine,
  timestamped,
  verifierKey,
  verifySignature,
  type Verifiers,
} from './index.ts';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
const jwkHolds = (jwk: Record<string, string>, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature);
  } catch {
    return false;
  }
};
const base64url = (key: Uint8Array) => Buffer.from(key).toString('base64url');
const verifiers: Verifiers = {
  ed25519: (key, message, signature) => jwkHolds({ kty: 'OKP', crv: 'Ed25519', x: base64url(key) }, message, signature),
  mlDsa44: (key, message, signature) =>
    jwkHolds({ kty: 'AKP', alg: 'ML-DSA-44', pub: base64url(key) }, message, signature),
};
const checkpoint = { origin: 'example.com/log', size: 42, root: sha256(Buffer.from('root')) };
const rawOf = (key: KeyObject): Buffer => {
  const { x, pub } = createPublicKey(key).export({ format: 'jwk' }) as { x?: string; pub?: string };
  return Buffer.from(x ?? pub ?? '', 'base64url');
};
const TIME = 1_782_000_000;

/** A signer of each type, and its line on a checkpoint. */
function signer(type: 0x01 | 0x04 | 0x06, name: string) {
  const { privateKey } =
    type === COSIGNATURE_ML_DSA_44 ? generateKeyPairSync('ml-dsa-44') : generateKeyPairSync('ed25519');
  const key = verifierKey(sha256, name, type, rawOf(privateKey));
  const line = (of = checkpoint, time = TIME) => {
    const message =
      type === ED25519
        ? Buffer.from(formatCheckpoint(of))
        : type === COSIGNATURE_ED25519
          ? ed25519CosignedMessage(of, time)
          : mlDsa44CosignedMessage(name, of, time);
    const raw = sign(null, message, privateKey);
    return signatureLine({ name, keyId: key.keyId, signature: type === ED25519 ? raw : timestamped(time, raw) });
  };
  return { key, vkey: formatVerifierKey(key), line };
}
const noteOf = (...lines: string[]) => `${formatCheckpoint(checkpoint)}\n${lines.join('')}`;

describe('public vectors', () => {
  test('the example of C2SP signed-note verifies', () => {
    const key = parseVerifierKey(sha256, 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const { text, signatures } = parseNote(
      'This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
    );
    expect(text).toBe('This is an example message.\n');
    expect(verifiers.ed25519(key.publicKey, Buffer.from(text), signatures[0]?.signature ?? Buffer.alloc(0))).toBe(true);
  });

  // From the tests of FiloSottile/torchwood (cmd/litewitness), a checkpoint in the form of sigsum.
  test('a checkpoint of another implementation verifies', () => {
    const origin = 'sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562';
    const raw = Buffer.from('ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f', 'hex');
    const policy = parsePolicy(
      sha256,
      `log ${formatVerifierKey(verifierKey(sha256, origin, ED25519, raw))}\nquorum none\n`,
    );
    const note = `${origin}\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 ${origin} UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=\n`;
    expect(openCheckpoint(verifiers, policy, note)).toMatchObject({ origin, size: 1 });
    expect(() => openCheckpoint(verifiers, policy, note.replace('\n1\n', '\n2\n'))).toThrow('does not hold');
  });
});

describe('a note', () => {
  const { line } = signer(ED25519, checkpoint.origin);

  test('of sixteen ML-DSA-44 signatures is read', () => {
    const witness = signer(COSIGNATURE_ML_DSA_44, 'w');
    const note = noteOf(line(), ...Array.from({ length: 15 }, () => witness.line()));
    expect(parseNote(note).signatures.length).toBe(16);
    expect(formatNote(parseNote(note))).toBe(note);
  });

  test.each([
    ['without a signature', formatCheckpoint(checkpoint)],
    ['with an empty signature line', `${noteOf(line())}\n`],
    ['without its last newline', noteOf(line()).slice(0, -1)],
    ['with a hyphen for the dash', noteOf(line()).replace('\u2014', '-')],
    ['with loose Base64', noteOf(line()).replace(/=\n$/, '\n')],
    ['with a control character', noteOf(line()).replace('example', 'exa\u0007mple')],
    ['with a plus in a name', noteOf(line()).replace('\u2014 example', '\u2014 exa+mple')],
    ['with a signature of nothing', noteOf('\u2014 example.com AAAA\n')],
  ])('%s is refused', (_, note) => expect(() => parseNote(note)).toThrow(FormatError));

  test('or a checkpoint, proof, key or policy of any text is read, or refused as what it is', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(400), (noise, at) => {
        const note = noteOf(line());
        const { vkey } = signer(ED25519, 'x');
        for (const read of [
          () => parseNote(note.slice(0, at) + noise + note.slice(at + noise.length)),
          () => parseNote(noise),
          () => parseCheckpoint(noise),
          () => parseProof(`c2sp.org/tlog-proof@v1\n${noise}`),
          () => parseVerifierKey(sha256, vkey.slice(0, at % vkey.length) + noise),
          () => parsePolicy(sha256, noise),
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        }
      }),
      { numRuns: 200 },
    ));
});

describe('a checkpoint', () => {
  test('is what was formatted', () => {
    const { origin, size, root } = parseCheckpoint(formatCheckpoint(checkpoint));
    expect([origin, size, Buffer.from(root)]).toEqual([checkpoint.origin, 42, checkpoint.root]);
  });

  test.each([
    ['an origin of 256 bytes', `${'x'.repeat(256)}\n42\n${checkpoint.root.toString('base64')}\n`],
    ['no origin', `\n42\n${checkpoint.root.toString('base64')}\n`],
    ['a size with a zero before', `o\n042\n${checkpoint.root.toString('base64')}\n`],
    ['a size beyond 2^53', `o\n9007199254740993\n${checkpoint.root.toString('base64')}\n`],
    ['a short root', 'o\n42\nAAAA\n'],
    ['an extension line', `o\n42\n${checkpoint.root.toString('base64')}\nmore\n`],
  ])('with %s is refused', (_, text) => expect(() => parseCheckpoint(text)).toThrow(FormatError));
});

describe('signatures', () => {
  test.each([ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44] as const)(
    'of type %i hold for what they signed, by whom',
    (type) => {
      const { key, line } = signer(type, 'example.com/log');
      const [signature] = parseNote(noteOf(line())).signatures;
      if (!signature) throw new Error('no signature');
      expect(verifySignature(verifiers, key, checkpoint, signature).valid).toBe(true);
      expect(verifySignature(verifiers, key, { ...checkpoint, size: 43 }, signature).valid).toBe(false);
      expect(verifySignature(verifiers, signer(type, 'example.com/log').key, checkpoint, signature).valid).toBe(false);
      const cut = { ...signature, signature: signature.signature.slice(1) };
      expect(verifySignature(verifiers, key, checkpoint, cut).valid).toBe(false);
      if (type === ED25519) return;
      const untimed = parseNote(noteOf(line(checkpoint, 0))).signatures[0];
      expect(untimed && verifySignature(verifiers, key, checkpoint, untimed).valid).toBe(false);
    },
  );

  test('an ML-DSA-44 cosignature binds its cosigner', () => {
    const { key, line } = signer(COSIGNATURE_ML_DSA_44, 'a');
    const [signature] = parseNote(noteOf(line())).signatures;
    expect(signature && verifySignature(verifiers, { ...key, name: 'b' }, checkpoint, signature).valid).toBe(false);
  });

  test('the cosigned message has the form of the specification', () => {
    const message = Buffer.from(
      mlDsa44CosignedMessage('w', { origin: 'log', size: 5, root: Buffer.alloc(32, 7) }, 258),
    );
    expect(message.toString('hex')).toBe(
      `${Buffer.from('subtree/v1\n\0').toString('hex')}0177000000000000010203${Buffer.from('log').toString('hex')}00000000000000000000000000000005${'07'.repeat(32)}`,
    );
  });
});

describe('a policy', () => {
  const log = signer(ED25519, checkpoint.origin);
  const [a, b, c] = [
    signer(COSIGNATURE_ED25519, 'a.example'),
    signer(COSIGNATURE_ML_DSA_44, 'b.example'),
    signer(COSIGNATURE_ED25519, 'c.example'),
  ];
  const lines = [
    `log ${log.vkey}`,
    `witness A ${a.vkey}`,
    `witness B ${b.vkey} https://b.example`,
    `witness C ${c.vkey}`,
  ];
  const policy = (...more: string[]) => parsePolicy(sha256, [...lines, ...more].join('\n'));
  const accepts = (quorum: string[], ...signed: string[]) => {
    try {
      return [...openCheckpoint(verifiers, policy(...quorum), noteOf(...signed)).witnesses.keys()].sort().join('');
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return 'refused';
    }
  };

  test('asks for a log and its quorum', () => {
    expect(accepts(['quorum none'], log.line())).toBe('');
    expect(accepts(['quorum none'], a.line())).toBe('refused');
    expect(accepts(['quorum A'], log.line())).toBe('refused');
    expect(accepts(['quorum A'], log.line(), a.line())).toBe('A');
    const two = ['group two 2 A B C', 'quorum two'];
    expect(accepts(two, log.line(), a.line())).toBe('refused');
    expect(accepts(two, log.line(), a.line(), a.line())).toBe('refused');
    expect(accepts(two, b.line(), log.line(), c.line())).toBe('BC');
    const nested = ['group any any A B', 'group all all any C', 'quorum all'];
    expect(accepts(nested, log.line(), c.line())).toBe('refused');
    expect(accepts(nested, log.line(), c.line(), b.line())).toBe('BC');
  });

  test('passes over unknown keys, and refuses a note whose known one does not hold', () => {
    expect(accepts(['quorum none'], log.line(), signer(COSIGNATURE_ED25519, 'z').line())).toBe('');
    expect(accepts(['quorum none'], log.line(), a.line({ ...checkpoint, size: 43 }))).toBe('refused');
    expect(accepts(['quorum none'], log.line(), log.line({ ...checkpoint, size: 43 }))).toBe('refused');
  });

  test.each([
    ['no quorum', []],
    ['two quorums', ['quorum none', 'quorum A']],
    ['an undefined quorum', ['quorum D']],
    ['a quorum before its definition', ['quorum G', 'group G any A B']],
    ['a group of the undefined', ['group G any A D', 'quorum G']],
    ['a group of itself', ['group G any G', 'quorum G']],
    ['a threshold above', ['group G 3 A B', 'quorum G']],
    ['a threshold of none', ['group G 0 A B', 'quorum G']],
    ['a name twice', [`witness A ${signer(COSIGNATURE_ED25519, 'q').vkey}`, 'quorum A']],
    ['the name none', [`witness none ${signer(COSIGNATURE_ED25519, 'q').vkey}`, 'quorum none']],
    ['a key twice', [`witness D ${a.vkey}`, 'quorum none']],
    ['a log as witness', [`witness D ${log.vkey}`, 'quorum none']],
    ['a witness as log', [`log ${a.vkey}`, 'quorum none']],
    ['a word that means nothing', ['hello', 'quorum none']],
    ['a key of another id', [`witness D d+00000000+${a.vkey.split('+').slice(2).join('+')}`, 'quorum none']],
  ])('with %s is refused', (_, more) => expect(() => policy(...more)).toThrow(FormatError));

  test('names the line that is wrong', () => expect(() => policy('', '# a comment', 'hello')).toThrow('line 7'));
});

describe('a proof', () => {
  const proof = { index: 7, path: [sha256(Buffer.from('a')), sha256(Buffer.from('b'))], checkpoint: noteOf('x') };
  test('is what was formatted', () => {
    const read = parseProof(formatProof(proof));
    expect([read.index, read.checkpoint]).toEqual([7, proof.checkpoint]);
    expect(read.path.map((hash) => Buffer.from(hash))).toEqual(proof.path);
    expect(parseProof(formatProof({ ...proof, path: [] })).path).toEqual([]);
  });
  test('with extra data is refused, since nothing authenticates it', () =>
    expect(() => parseProof(formatProof(proof).replace('index', 'extra AAAA\nindex'))).toThrow(FormatError));
});

test('Base64 is read strictly', () => {
  expect(decodeBase64('AAA=')).toEqual(Uint8Array.of(0, 0));
  for (const loose of ['AAA', 'AAB=', 'AA A=', 'AAA=\n', 'AA-_', '====']) expect(decodeBase64(loose)).toBeUndefined();
});
