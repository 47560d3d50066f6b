import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Size and root of a checkpoint that was signed: the log may never be smaller than this, nor another. */
export interface HighWaterMark {
  size: number;
  root: string;
}

/** Undefined if there is none yet. @throws Error if the file is there and cannot be read as a mark */
export function readHighWater(file: string): HighWaterMark | undefined {
  if (!existsSync(file)) return undefined;
  const mark = JSON.parse(readFileSync(file, 'utf8')) as Partial<HighWaterMark> | null;
  if (!Number.isSafeInteger(mark?.size) || typeof mark?.root !== 'string') throw new Error(`${file} holds no mark`);
  return { size: mark.size as number, root: mark.root };
}

/** Durable once it returns: written beside, flushed, then moved into place, and the move flushed too. */
export function writeHighWater(file: string, mark: HighWaterMark): void {
  // Processes may share the mark, and write it at the same time.
  const beside = `${file}.${process.pid}.new`;
  const fd = openSync(beside, 'w');
  try {
    writeSync(fd, `${JSON.stringify(mark)}\n`);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
