import { UnreadableError } from './unreadable.ts';

/** One call of a model, as a developer's API gateway logged it (docs/formats/gateway-log.md). */
export interface GatewayCall {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly session?: string;
  readonly tester?: string;
  readonly modelVersion?: string;
  readonly tokens: number;
  readonly outcome: 'ok' | 'error' | 'denied';
}

export interface GatewayLog {
  readonly format: 'gateway-log';
  readonly calls: readonly GatewayCall[];
}

export const MOST_CALLS = 2_000_000;
const LONGEST_LINE = 64 * 1024;
const ID = /^[A-Za-z0-9._-]{1,128}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const OUTCOMES: ReadonlySet<unknown> = new Set(['ok', 'error', 'denied']);

/** Whether a first line looks like one of a gateway log. */
export function isGatewayLine(line: string): boolean {
  try {
    const call = JSON.parse(line) as Record<string, unknown> | null;
    return typeof call === 'object' && call !== null && 'time' in call && 'outcome' in call;
  } catch {
    return false;
  }
}

/** Reads JSON Lines, one call a line, as they stream by. @throws UnreadableError with the line */
export class GatewayReader {
  readonly #calls: GatewayCall[] = [];
  #line = 0;
  #tokens = 0;
  #rest = '';
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  write(chunk: Buffer): void {
    let text: string;
    try {
      text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    } catch {
      throw new UnreadableError('not-json', `line ${this.#line + 1}`, 'it is not UTF-8');
    }
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
    if (this.#rest.length > LONGEST_LINE)
      throw new UnreadableError('too-large', this.#where(), 'a line of over 64 KiB');
  }

  end(): GatewayLog {
    this.#take(this.#rest);
    if (this.#calls.length === 0) throw new UnreadableError('empty', 'the file', 'a gateway log without a call');
    return { format: 'gateway-log', calls: this.#calls };
  }

  #where(): string {
    return `line ${this.#line + 1}`;
  }

  #take(line: string): void {
    if (line.trim() !== '') {
      if (line.length > LONGEST_LINE) throw new UnreadableError('too-large', this.#where(), 'a line of over 64 KiB');
      if (this.#calls.length >= MOST_CALLS)
        throw new UnreadableError('too-large', this.#where(), `more than ${MOST_CALLS} calls: split it`);
      this.#calls.push(this.#call(line));
    }
    this.#line++;
  }

  #call(line: string): GatewayCall {
    const wrong = (detail: string) => new UnreadableError('invalid-value', this.#where(), detail);
    let call: Record<string, unknown>;
    try {
      call = JSON.parse(line) as Record<string, unknown>;
    } catch {
      throw new UnreadableError('not-json', this.#where(), 'it is not a JSON object');
    }
    if (typeof call !== 'object' || call === null || Array.isArray(call)) throw wrong('it is not a JSON object');
    const { time, session, tester, modelVersion, tokens = 0, outcome } = call;
    const at = typeof time === 'string' && TIME.test(time) ? Date.parse(time) : NaN;
    if (Number.isNaN(at)) throw wrong('"time" is RFC 3339 with an offset');
    for (const [name, value] of Object.entries({ session, tester, modelVersion }))
      if (value !== undefined && (typeof value !== 'string' || !ID.test(value))) throw wrong(`"${name}" is an id`);
    if (session === undefined && (tester === undefined || modelVersion === undefined))
      throw wrong('it names "session", or "tester" and "modelVersion"');
    if (typeof tokens !== 'number' || !Number.isSafeInteger(tokens) || tokens < 0)
      throw wrong('"tokens" is a whole number');
    this.#tokens += tokens;
    if (!Number.isSafeInteger(this.#tokens)) throw wrong('more tokens in all than can be counted exactly');
    if (!OUTCOMES.has(outcome)) throw wrong('"outcome" is ok, error or denied');
    return {
      time: at,
      tokens,
      outcome: outcome as GatewayCall['outcome'],
      ...(session === undefined ? {} : { session: session as string }),
      ...(tester === undefined ? {} : { tester: tester as string }),
      ...(modelVersion === undefined ? {} : { modelVersion: modelVersion as string }),
    };
  }
}
