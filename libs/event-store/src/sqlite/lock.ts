import { DatabaseSync } from 'node:sqlite';
import { StoreLockedError } from '../faults.ts';

/**
 * Takes the data file for this process. The lock is SQLite's own on a file beside it: the system drops it with the
 * process, however that ends. Returns what gives it back. @throws StoreLockedError if another one has it
 */
export function lockFor(file: string): () => void {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (fault) {
    lock.close();
    if ((fault as { errcode?: number }).errcode === 5) throw new StoreLockedError(file);
    throw fault;
  }
  return () => lock.close();
}
