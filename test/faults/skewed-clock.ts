/**
 * A clock that is wrong by CLOCK_SKEW_MS, as every part of a process reads it: imported before anything else, or given to
 * node as --import. Timers are not changed: like a wrong clock, they run on.
 */
const skewMs = Number(process.env['CLOCK_SKEW_MS'] ?? 0);
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...of: [] | [number | string]) {
    super(...((of.length === 0 ? [RealDate.now() + skewMs] : of) as [number]));
  }
  static override now(): number {
    return RealDate.now() + skewMs;
  }
} as DateConstructor;

/** The time outside. */
export const realNow = (): number => RealDate.now();
