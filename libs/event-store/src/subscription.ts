import type { Position, SequencedEvent, Subscription } from './port.ts';

export interface Followed {
  /** The next few events after a position; none if the end is reached. */
  read(after: Position): SequencedEvent[];
  /** Called after each commit. */
  listeners: Set<() => void>;
}

/** Reads page after page, then waits for the next commit: what is new is read, not pushed, so nothing piles up. */
export function follow(
  store: Followed,
  after: Position | null,
  handler: (event: SequencedEvent) => void | Promise<void>,
  onFault: (fault: unknown) => void = rethrow,
): Subscription {
  let open = true;
  let wake: () => void = () => undefined;
  const listener = () => wake();
  const caughtUp = Promise.withResolvers<void>();
  // Whoever does not wait for it hears of a fault through `onFault`.
  caughtUp.promise.catch(() => undefined);
  store.listeners.add(listener);

  const close = () => {
    open = false;
    store.listeners.delete(listener);
    caughtUp.resolve();
    wake();
  };
  const run = async () => {
    for (let last = after ?? 0n; open;) {
      const committed = new Promise<void>((resolve) => (wake = resolve));
      const page = store.read(last);
      if (page.length === 0) {
        caughtUp.resolve();
        await committed;
      }
      for (const event of page) {
        if (!open) return;
        await handler(event);
        last = event.position;
      }
    }
  };
  run().catch((fault: unknown) => {
    caughtUp.reject(fault);
    close();
    onFault(fault);
  });
  return { close, caughtUp: caughtUp.promise };
}

function rethrow(fault: unknown): void {
  setImmediate(() => {
    throw fault;
  });
}
