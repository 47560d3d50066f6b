/** Why a file is refused: stable names, shown to people and recorded with a quarantine. */
export type Fault =
  | 'empty'
  | 'not-a-log'
  | 'not-json'
  | 'truncated'
  | 'invalid-zip'
  | 'unsafe-member-name'
  | 'unsupported-compression'
  | 'encrypted'
  | 'too-deep'
  | 'too-large'
  | 'expands-too-much'
  | 'duplicate-name'
  | 'invalid-value';

/** A file of someone else's that cannot be read: what is wrong, and where. The only error that readers throw of it. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
  readonly fault: Fault;
  /** In words that hold nothing of the file's own text: a byte offset, a line, the number of a member. */
  readonly where: string;

  constructor(fault: Fault, where: string, detail: string) {
    super(detail);
    this.fault = fault;
    this.where = where;
  }

  /** The same, inside something. */
  within(outer: string): UnreadableError {
    return new UnreadableError(this.fault, `${outer}, ${this.where}`, this.message);
  }
}
