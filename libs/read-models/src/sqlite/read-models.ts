import { existsSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Instant, PersonalData, Recorded, Refs, Sealed, States as StateOf } from '@countersign/domain';
import { Entries, type Moment } from '../moment.ts';
import { categoryOf, DECIDERS, streamOf, type Opener, type States } from '../states-at.ts';
import { openReadModels, VERSION } from './schema.ts';
import { VersionWriter, type EntrySource } from './versions.ts';

export type { EntrySource } from './versions.ts';

const COMMIT_EVERY = 2000;

/**
 * What questions are answered from: a database of its own, fed with each entry, disposable. A row holds from a log index on
 * and for an interval of effective time, so a state as of any moment, as known at any other, is one look-up (design.md,
 * decision 6). Its position commits with its rows, so after a crash it goes on where it was.
 */
export class ReadModels extends Entries {
  readonly #file: string;
  readonly #source: EntrySource;
  #db: DatabaseSync;
  #writer: VersionWriter;
  #sql: Statements;
  #head: number;
  #uncommitted = 0;

  private constructor(file: string, source: EntrySource, db: DatabaseSync) {
    super();
    this.#file = file;
    this.#source = source;
    this.#db = db;
    this.#writer = new VersionWriter(db, source);
    this.#sql = statements(db);
    this.#head = Number(this.#sql.head.get()?.['head'] ?? -1);
  }

  /**
   * Opens the file as far as it goes. One of another log, of another version of this program, or that is damaged or no
   * such database at all, is made anew: nothing is lost with it.
   */
  static open(file: string, source: EntrySource): ReadModels {
    const models = ReadModels.#openHeld(file, source);
    if (!('unusable' in models)) return models;
    remove(file);
    const fresh = ReadModels.#openHeld(file, source);
    if ('unusable' in fresh) throw new Error(`${file} cannot be made`, { cause: fresh.unusable });
    return fresh;
  }

  static #openHeld(file: string, source: EntrySource): ReadModels | { readonly unusable: unknown } {
    let db: DatabaseSync | undefined;
    try {
      db = openReadModels(file);
      const meta = Object.fromEntries(
        db
          .prepare('SELECT key, value FROM meta')
          .all()
          .map(({ key, value }) => [String(key), String(value)]),
      ) as { version?: string; last?: string };
      const models = new ReadModels(file, source, db);
      if (models.#head < 0 || (meta.version === VERSION && source.get(models.#head)?.id === meta.last)) return models;
      db.close();
      return { unusable: 'it is of another log, or of another version of this program' };
    } catch (error) {
      db?.close();
      // Matched by code: what is no failure of the database is not to be hidden.
      if ((error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') throw error;
      return { unusable: error };
    }
  }

  get head(): number {
    return this.#head;
  }

  /** Takes in the next entry. @throws Error if it is another one */
  apply(entry: Recorded): void {
    if (entry.index !== this.#head + 1) throw new Error(`entry ${entry.index} does not follow ${this.#head}`);
    if (this.#uncommitted === 0) this.#db.exec('BEGIN');
    this.#writer.apply(entry);
    this.#head = entry.index;
    if (++this.#uncommitted >= COMMIT_EVERY) this.commit();
  }

  /** Makes what was taken in survive the process. Questions see it before. */
  commit(): void {
    if (this.#uncommitted === 0) return;
    this.#sql.meta.run('version', VERSION);
    this.#sql.meta.run('closed', 'no');
    this.#sql.meta.run('last', this.get(this.#head)?.id ?? '');
    this.#db.exec('COMMIT');
    this.#uncommitted = 0;
  }

  /** Takes in what the log has beyond it, in turns of the event loop. */
  async catchUp(to: () => number): Promise<void> {
    for (let index = this.#head + 1; index <= to(); index = this.#head + 1) {
      this.apply(this.#source.get(index) as Recorded);
      if (index % COMMIT_EVERY === 0) await new Promise((turn) => setImmediate(turn));
    }
    this.commit();
  }

  /** Makes all of it anew beside the present one, which answers meanwhile, and takes its place. */
  async rebuild(): Promise<void> {
    const beside = `${this.#file}.new`;
    remove(beside);
    const built = ReadModels.open(beside, this.#source);
    await built.catchUp(() => this.#head);
    // What came since the last turn; from here on nothing else runs until the new file is in place.
    while (built.#head < this.#head) built.apply(this.#source.get(built.#head + 1) as Recorded);
    built.close();
    this.commit();
    this.#db.close();
    remove(this.#file);
    renameSync(beside, this.#file);
    this.#db = openReadModels(this.#file);
    this.#writer = new VersionWriter(this.#db, this.#source);
    this.#sql = statements(this.#db);
  }

  close(): void {
    this.commit();
    this.#sql.meta.run('closed', 'yes');
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  /** Every stream's state as of a moment. */
  at(moment: Moment, open: Opener = () => undefined): States {
    return new StatesInRows(this.#sql, this.#source, moment, open);
  }

  get(index: number): Recorded | undefined {
    return index <= this.#head ? this.#source.get(index) : undefined;
  }
  byId(id: string): Recorded | undefined {
    const index = this.#source.indexOf(id);
    return index === undefined ? undefined : this.get(index);
  }
  *ofStream(stream: string, index: number): Iterable<Recorded> {
    for (const { at } of this.#sql.entries.all(stream, index)) yield this.#source.get(Number(at)) as Recorded;
  }
  *timesOf(stream: string, index: number): Iterable<Instant> {
    for (const { at, from } of this.#sql.times.all(stream, index)) {
      yield this.logTime(Number(at));
      yield Number(from);
    }
  }
  *streams(category: string): Iterable<string> {
    for (const { id } of this.#sql.related.all(category, '', '', this.#head, Number.MAX_SAFE_INTEGER))
      yield streamOf(category, String(id));
  }
  logTime(index: number): Instant {
    return Number(this.#sql.time.get(index)?.['time'] ?? 0);
  }
}

type Statements = Record<
  'head' | 'meta' | 'time' | 'entries' | 'times' | 'version' | 'base' | 'related',
  StatementSync
>;
function statements(db: DatabaseSync): Statements {
  return {
    head: db.prepare('SELECT max(idx) AS head FROM log'),
    meta: db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    time: db.prepare('SELECT time FROM log WHERE idx = ?'),
    entries: db.prepare(
      `SELECT DISTINCT from_index AS at FROM versions
       WHERE stream = (SELECT number FROM streams WHERE name = ?) AND from_index <= ? ORDER BY from_index`,
    ),
    times: db.prepare(
      `SELECT from_index AS at, from_time AS "from" FROM versions
       WHERE stream = (SELECT number FROM streams WHERE name = ?) AND from_index <= ?`,
    ),
    version: db.prepare(
      `SELECT state, base, entries FROM versions
       WHERE stream = (SELECT number FROM streams WHERE name = ?)
         AND from_index <= ? AND from_time <= ? AND ? < to_time ORDER BY from_index DESC LIMIT 1`,
    ),
    base: db.prepare('SELECT state FROM versions WHERE number = ?'),
    related: db.prepare(
      `SELECT id, min(from_index) AS first FROM relations
       WHERE category = ? AND ref = ? AND value = ? AND from_index <= ? AND from_time <= ? GROUP BY id ORDER BY first`,
    ),
  };
}

class StatesInRows implements States {
  readonly index: number;
  readonly now: number;
  readonly #sql: Statements;
  readonly #source: EntrySource;
  readonly #open: Opener;
  readonly #found = new Map<string, unknown>();

  constructor(sql: Statements, source: EntrySource, { index, time }: Moment, open: Opener) {
    this.#sql = sql;
    this.#source = source;
    this.#open = open;
    this.index = index;
    this.now = time;
  }

  state<C extends keyof StateOf & string>(category: C, id: string): StateOf[C] | undefined {
    const stream = streamOf(category, id);
    if (!this.#found.has(stream)) this.#found.set(stream, this.#read(stream));
    return this.#found.get(stream) as StateOf[C] | undefined;
  }
  all(category: string): readonly string[] {
    return this.related(category, '' as keyof Refs, '');
  }
  related(category: string, ref: keyof Refs, value: string): readonly string[] {
    return this.#sql.related.all(category, ref, value, this.index, this.now).map(({ id }) => String(id));
  }
  open(sealed: Sealed): PersonalData['fields'] | undefined {
    return this.#open(sealed);
  }
  digest(): string {
    throw new Error('a question signs nothing');
  }

  #read(stream: string): unknown {
    const row = this.#sql.version.get(stream, this.index, this.now, this.now);
    if (row === undefined) return undefined;
    const whole = row['state'] ?? this.#sql.base.get(row['base'] as number)?.['state'];
    let state = JSON.parse(whole as string) as unknown;
    if (row['entries'] === null) return state;
    const decider = DECIDERS.get(categoryOf(stream));
    for (const index of JSON.parse(row['entries'] as string) as number[])
      state = decider?.evolve(state as never, this.#source.get(index) as never);
    return state;
  }
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(file + suffix)) rmSync(file + suffix);
}
