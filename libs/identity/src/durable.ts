import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file that is there whole or not at all, also after a crash: new file, fsync, rename, fsync of the folder. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  renameSync(writtenBeside(path, bytes), path);
  syncFolder(dirname(path));
}

/** The same of a file that is not there yet: of several processes that make it at once, one does. False for the others. */
export function createDurably(path: string, bytes: Uint8Array): boolean {
  const temporary = writtenBeside(path, bytes);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(temporary);
    syncFolder(dirname(path));
  }
}

function writtenBeside(path: string, bytes: Uint8Array): string {
  const folder = dirname(path);
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A folder that is new is durable once its own folder is.
  if (made !== undefined) for (let at = folder; at !== dirname(made); at = dirname(at)) syncFolder(dirname(at));
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

/** Removes a file for good; does nothing if there is none. */
export function removeDurably(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  syncFolder(dirname(path));
}

/** Undefined if there is no such file. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
