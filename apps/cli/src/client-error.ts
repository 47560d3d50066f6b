/** What the ledger said no to, or that it could not be reached; for people to read. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
}
/** Nothing answers there: whatever else is to be asked will not be answered either. */
export class UnreachableError extends ClientError {
  override readonly name = 'UnreachableError';
}
