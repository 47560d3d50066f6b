/** Another process has the data folder. It must end first: two writers would sign two histories. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError';
  readonly code = 'STORE_LOCKED';

  constructor(file: string) {
    super(
      `${file} is in use by another process. One process owns a data folder: end the other one, or use another folder.`,
    );
  }
}

/** The store does not sign any more: what it would sign might contradict what it signed before. Reads go on. */
export class StoreReadOnlyError extends Error {
  override readonly name = 'StoreReadOnlyError';
  readonly code = 'STORE_READ_ONLY';

  constructor(because: string) {
    super(`the store is read-only: ${because}`);
  }
}

/** The disk, or the writer, failed. The events of this append are not acknowledged and may be tried again. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'STORE_UNAVAILABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(`the store cannot write: ${message}`, options);
  }
}
