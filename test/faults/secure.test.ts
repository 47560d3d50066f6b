import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openEventStoreDb } from '@countersign/event-store';
import { folder, onRealServer, pause } from './eventstoredb.ts';

const PORT = 5138;
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });

/** A root certificate, and one of a node that it signed. */
function certificates(at: string, name: string): void {
  const file = (end: string) => join(at, `${name}-${end}`);
  mkdirSync(join(at, name));
  const root = join(at, name, 'ca.crt');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('ca.key'),
    '-out',
    root,
    '-days',
    '2',
    '-subj',
    `/CN=${name} root`,
  );
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('node.key'),
    '-out',
    file('node.csr'),
    '-subj',
    '/CN=eventstoredb-node',
  );
  writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n');
  openssl(
    'x509',
    '-req',
    '-in',
    file('node.csr'),
    '-CA',
    root,
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-out',
    file('node.crt'),
    '-days',
    '2',
    '-extfile',
    file('ext'),
  );
}

onRealServer('TLS and credentials', () => {
  let at: string;
  let server: ChildProcess;
  let said = '';
  beforeAll(async () => {
    at = mkdtempSync(join(tmpdir(), 'faults-secure-'));
    certificates(at, 'right');
    certificates(at, 'wrong');
    server = spawn(
      'dotnet',
      [
        join(folder as string, 'EventStore.ClusterNode.dll'),
        ...[
          '--certificate-file',
          join(at, 'right-node.crt'),
          '--certificate-private-key-file',
          join(at, 'right-node.key'),
        ],
        ...['--trusted-root-certificates-path', join(at, 'right'), '--disable-admin-ui', '--run-projections', 'None'],
        ...['--http-port', `${PORT}`, '--replication-port', `${PORT - 1000}`],
        ...['--db', join(at, 'db'), '--log', join(at, 'log'), '--stream-existence-filter-size', '1000000'],
      ],
      { env: { ...process.env, EVENTSTORE_TELEMETRY_OPTOUT: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const output of [server.stdout, server.stderr]) output?.on('data', (bytes: Buffer) => (said += bytes));
    // The users are made once it leads.
    for (
      let tries = 0;
      !/'admin' user account has been created|"admin" user account has been created/.test(said);
      tries++
    ) {
      if (tries > 300 || server.exitCode !== null) throw new Error(said.slice(-2000));
      await pause(200);
    }
  }, 90_000);
  afterAll(async () => {
    server.kill('SIGKILL');
    await new Promise((done) =>
      server.exitCode === null && server.signalCode === null ? server.once('close', done) : done(0),
    );
    rmSync(at, { recursive: true, force: true });
  });

  const { privateKey } = generateKeyPairSync('ed25519');
  const open = (user: string, root: string) => {
    const own = mkdtempSync(join(at, 'ledger-'));
    return openEventStoreDb({
      connectionString: `esdb://${user}localhost:${PORT}?tlsCAFile=${join(at, root, 'ca.crt')}`,
      namespace: `secure-${randomUUID()}.`,
      origin: 'ledger.example/log',
      signingKey: privateKey,
      mirrorFile: join(own, 'mirror'),
      highWaterFile: join(own, 'high-water'),
      deadlineMs: 4000,
    });
  };

  test('with the right certificate and credentials it is a store like any other', async () => {
    const store = await open('admin:changeit@', 'right');
    const event = { id: randomUUID(), type: 'countersign.Test.v1', data: Buffer.from('over TLS') };
    expect(await store.append('s', [event], 'none')).toMatchObject({ appended: true, indices: [0], size: 1 });
    await store.synced();
    expect(Buffer.from(store.entry(0)?.data ?? []).toString()).toBe('over TLS');
    await store.close();
  });

  test('wrong credentials, or none, are said in words, and no secret with them', async () => {
    for (const user of ['admin:a-wrong-secret@', 'nobody:a-wrong-secret@']) {
      const fault = open(user, 'right');
      await expect(fault).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(fault).rejects.toThrow(/refuses the credentials/);
      await expect(fault).rejects.not.toThrow(/a-wrong-secret/);
    }
    // Nobody in particular may not read everything.
    await expect(open('', 'right')).rejects.toThrow(/refuses the credentials/);
  });

  test('a server with a certificate of somebody else is not spoken to', async () => {
    const fault = open('admin:changeit@', 'wrong');
    await expect(fault).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(fault).rejects.toThrow(/certificate/);
  });
});
