import { DatabaseSync } from 'node:sqlite';

/**
 * Every table grows at its end, so a commit writes few pages however large the file is. What SQL would keep as
 * indices over random keys — event ids, streams — is the `Directory`, in memory, restored from the `directory` pages.
 *
 * - `events`: positions are gapless from 1; `leaf` is the log index, null in bookkeeping streams
 * - `directory`: for each 256 positions, once full: fingerprint of the id and number of the stream, 4 + 4 bytes each
 * - `tiles`: `level` counts tiles (0: leaf hashes, 1: nodes of level 8, …); partial ones are overwritten as they grow
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL, leaf INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, leaf INTEGER,
    id TEXT NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS directory (page INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS tiles (key INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;
const APPLICATION_ID = 0x43_53_47_4e; // CSGN
const VERSION = 1;

/** The writing connection. WAL with `synchronous=FULL`: a commit is one fdatasync of the WAL, and durable after it. */
export function openForWriting(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  // A WAL of 2 MiB is written back often and in little time: a much larger one holds up everybody for a tenth of a second.
  // Larger pages waste less of each on entries of about a kilobyte.
  db.exec('PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=250;');
  const found = db.prepare('PRAGMA application_id').get()?.['application_id'];
  if (found !== 0 && found !== APPLICATION_ID) throw new Error(`${file} is a database of another program`);
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > VERSION) throw new Error(`${file} was written by a later version of this program`);
  db.exec(`${SCHEMA} PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${VERSION};`);
  return db;
}

/** A connection that only reads; it sees each commit of the writer once that is done. */
export function openForReading(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true });
  db.exec('PRAGMA mmap_size=268435456');
  return db;
}
