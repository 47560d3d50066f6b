import { FormatError } from '@countersign/log';
import { KeyHistory, type KeyEntry } from './key-history.ts';
import type { Member } from './zip.ts';

/** As much of an entry as every bundle needs. */
export interface ExportedEntry extends KeyEntry {
  readonly recordedtime: string;
}

/** What the reports are as of: the last entry and its log time (ms); and which log it is. */
export interface AsOf {
  readonly index: number;
  readonly time: number;
  readonly mode: string;
  readonly origin: string;
  /** Of the checkpoint, in Base64. */
  readonly root: string;
}
/** The reports of a log, folded from its entries in log order, so that nobody has to hold these. */
export interface ReportFold {
  add(entry: ExportedEntry, index: number): void;
  finish(): Iterable<Member>;
}
export type ReportsAsOf = (asOf: AsOf) => ReportFold;

/** What a bundle says of its entries, apart from the tree: a fold, the same for who writes one and who verifies it. */
export class Reading {
  size = 0;
  /** Log times of the first and the last entry, ms. */
  began = 0;
  time = 0;
  first: ExportedEntry | undefined;
  readonly keys = new KeyHistory();
  readonly #counts = new Map<string, number>();
  #lastText = '';
  #lastTime = 0;

  /** Takes the next entry and gives its line of `indices.txt`. @throws FormatError if it is no entry */
  add(entry: ExportedEntry): string {
    const { type, subject, recordedtime } = entry as Partial<ExportedEntry>;
    if (typeof type !== 'string' || typeof subject !== 'string' || typeof recordedtime !== 'string')
      throw new FormatError(`entry ${this.size} has no type, subject or time`);
    if (recordedtime !== this.#lastText) {
      this.#lastTime = Date.parse(recordedtime);
      if (Number.isNaN(this.#lastTime)) throw new FormatError(`entry ${this.size} has no time`);
      this.#lastText = recordedtime;
    }
    if (this.#lastTime > this.time) this.time = this.#lastTime;
    if (this.size === 0) {
      this.first = entry;
      this.began = this.time;
    }
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    this.keys.add(entry, this.size);
    return `${this.size++} ${this.time}\n`;
  }

  countsByType(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
