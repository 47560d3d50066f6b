/** One command: who posts what where, and when the ledger's clock stands. */
export interface Step {
  readonly at: string;
  readonly by: string;
  /** Below `/v1/`. */
  readonly path: string;
  /**
   * As it is posted, but for what only the ledger knows by then: `digest: {of: liability}` is the digest of the text on that
   * table, `file: {of: name}` that of a file, `position: {before: time}` the last log index of an earlier log time.
   */
  readonly body: Readonly<Record<string, unknown>>;
  /** The refusal that the story expects: its rule. */
  readonly refused?: string;
}

/** A day alone means nine in the morning. */
export const at = (
  time: string,
  by: string,
  path: string,
  body: Readonly<Record<string, unknown>> = {},
  refused?: string,
): Step => ({
  at: time.length === 10 ? `${time}T09:00:00.000Z` : time,
  by,
  path,
  body,
  ...(refused === undefined ? {} : { refused }),
});
