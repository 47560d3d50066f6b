import { DatabaseSync } from 'node:sqlite';

/**
 * Disposable: whatever is in here follows from the log.
 *
 * - `log`: each entry's log time
 * - `streams`: numbers for names
 * - `versions`: the state of a stream as of index `from_index` on, for times in [`from_time`, `to_time`). A later row takes
 *   the place of an earlier one where both hold, so nothing is ever changed. `state` is the state itself, or null: then it
 *   is that of row `base`, and the entries in `entries` after it
 * - `relations`: which streams of a category have an entry that carries an id in a ref, from which index and which time on;
 *   with an empty ref, which streams there are
 */
const SCHEMA = `
  CREATE TABLE log (idx INTEGER PRIMARY KEY, time INTEGER NOT NULL) STRICT;
  CREATE TABLE streams (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE versions (
    number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, from_index INTEGER NOT NULL,
    from_time INTEGER NOT NULL, to_time INTEGER NOT NULL, state TEXT, base INTEGER, entries TEXT) STRICT;
  CREATE INDEX versions_of_stream ON versions (stream, from_index);
  CREATE TABLE relations (
    category TEXT NOT NULL, ref TEXT NOT NULL, value TEXT NOT NULL, from_index INTEGER NOT NULL, from_time INTEGER NOT NULL,
    id TEXT NOT NULL, PRIMARY KEY (category, ref, value, from_index)) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Raised whenever a row, or what a decider makes of an entry, means something else than before: all is made anew then. */
export const VERSION = '2';

/**
 * Opens a file, making it if there is none. Not flushed for each commit: a crash of the process costs reading some entries
 * again, one of the machine perhaps the whole file, so one that was not closed is looked through before it is believed.
 *
 * @throws Error with code `ERR_SQLITE_ERROR` if it is damaged or no database of this kind
 */
export function openReadModels(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;');
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").get() === undefined) db.exec(SCHEMA);
    const closed = db.prepare("SELECT value FROM meta WHERE key = 'closed'").get()?.['value'];
    if (closed !== 'yes' && db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] !== 'ok')
      throw Object.assign(new Error('the file is damaged'), { code: 'ERR_SQLITE_ERROR' });
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
