/** Nobody answered in time. */
export class SlowError extends Error {
  override readonly name = 'SlowError';
}

/** Every promise ends: the same, or a `SlowError` once the time is over. */
export function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        reject(new SlowError(`no answer within ${Math.ceil(milliseconds)} ms`));
      },
      Math.max(0, milliseconds),
    );
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (fault: unknown) => {
        clearTimeout(timer);
        reject(fault as Error);
      },
    );
  });
}

/** Milliseconds before another try: doubling from 20 ms to 2 s, of which a random part (full jitter). */
export const backOff = (attempt: number): number => Math.random() * Math.min(2000, 20 * 2 ** attempt);

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
