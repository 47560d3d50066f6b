import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import supertest from 'supertest';
import type { PartyId, Role } from '@countersign/domain';
import { StoryClock } from '@countersign/ledger';
import { STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../src/application.ts';
import { openLedger, type OpenLedger } from '../src/ledger.ts';
import { settingsFrom } from '../src/settings.ts';
import { tellStory } from '../src/tell-story.ts';

/** The whole server on a data folder, but for the socket. */
export interface Served {
  readonly folder: string;
  readonly opened: OpenLedger;
  readonly app: NestFastifyApplication;
  /** `get /v1/streams/:stream` */
  readonly routes: readonly string[];
  bearer(party: string, role: Role): Promise<string>;
  get(path: string, party: string, role: Role): Promise<supertest.Response>;
  post(path: string, body: object, party: string, role: Role, key?: string): Promise<supertest.Response>;
  stop(): Promise<void>;
}

let key = 0;

export async function serve(
  folder: string,
  log: Logger | false = false,
  clock: StoryClock = new StoryClock(),
): Promise<Served> {
  const opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  const app = await applicationOver(opened, log);
  const routes: string[] = [];
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) routes.push(`${each.toLowerCase()} ${url}`);
    });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const bearer = async (party: string, role: Role) =>
    `Bearer ${await opened.tokens.issue({ party: party as PartyId, role, subject: party }, 60)}`;
  const http = () => supertest(app.getHttpServer());
  return {
    folder,
    opened,
    app,
    routes,
    bearer,
    get: async (path, party, role) =>
      http()
        .get(path)
        .set('authorization', await bearer(party, role)),
    post: async (path, body, party, role, idempotencyKey = `key-${++key}`) =>
      http()
        .post(path)
        .set('authorization', await bearer(party, role))
        .set('idempotency-key', `"${idempotencyKey}"`)
        .send(body),
    stop: async () => {
      await app.close();
      await opened.close();
    },
  };
}

/** A server on a folder of its own that was told the whole story. */
export async function serveStory(log: Logger | false = false): Promise<Served> {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  const served = await serve(newFolder(), log, clock);
  await tellStory(served.app, served.opened.ledger, served.opened.tokens, clock);
  return served;
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'server-'));
export const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });
