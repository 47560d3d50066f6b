import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor, DomainView, Role } from '@countersign/domain';
import { decodeEntry, recordedOf, StoryClock, type CommandRequest, type Outcome } from '@countersign/ledger';
import type { Recorded } from '@countersign/domain';
import { STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

export const actor = (party: string, role: Role): Actor => ({ party: party as Actor['party'], role });
/** After the story's last step. */
export const NOW = Date.parse('2026-11-24T09:00:00.000Z');
export const MINUTE = 60_000;

/** The world of the story over the real store; commands reach it as the API's do. */
export class World {
  readonly opened: OpenLedger;
  readonly clock: StoryClock;
  readonly view: DomainView;
  /** Every command that was given here. */
  readonly given: CommandRequest[] = [];
  readonly #entries: Recorded[] = [];
  #key = 0;

  constructor(opened: OpenLedger, clock: StoryClock) {
    this.opened = opened;
    this.clock = clock;
    this.view = opened.ledger.view as unknown as DomainView;
  }

  give(
    type: string,
    category: string,
    id: string,
    by: Actor,
    payload: object = {},
    more: object = {},
  ): Promise<Outcome> {
    const request = { type, category, id, payload, actor: by, idempotencyKey: `property-${++this.#key}`, route: type };
    this.given.push({ ...request, ...more });
    return this.opened.ledger.execute({ ...request, ...more });
  }

  /** Lets time pass, and what falls due be recorded. */
  async pass(ms: number): Promise<void> {
    this.clock.set(this.clock.now() + ms);
    await this.opened.ledger.settle();
  }

  /** Every entry of the log, read from the store's own bytes. */
  entries(): readonly Recorded[] {
    const { store } = this.opened.ledger;
    for (const { data, index } of store.entries(this.#entries.length, store.size))
      this.#entries.push(recordedOf(decodeEntry(data), index));
    return this.#entries;
  }
}

/** A folder with the story told in it, from which each test copies its world. */
export class StoryFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'world-'));
  /** Every command of the story, as it reached the ledger. */
  readonly told: CommandRequest[] = [];

  async tell(): Promise<void> {
    const clock = new StoryClock();
    clock.set(Date.parse(STORY_BEGINS));
    const opened = await openLedger(settingsFrom({ DATA_DIR: join(this.folder, 'story') }, []), clock);
    const { ledger } = opened;
    const execute = ledger.execute.bind(ledger);
    ledger.execute = (request) => {
      this.told.push(request);
      return execute(request);
    };
    const app = await applicationOver(opened, false);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    await tellStory(app, opened.ledger, opened.tokens, clock);
    await app.close();
    await opened.close();
  }

  /** A copy of the data, to be opened as often as need be. */
  copy(of = join(this.folder, 'story')): string {
    const copy = mkdtempSync(join(this.folder, 'copy-'));
    cpSync(of, copy, { recursive: true });
    return copy;
  }

  async open(folder = this.copy(), now = NOW): Promise<World> {
    const clock = new StoryClock();
    clock.set(now);
    return new World(await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock), clock);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
