/**
 * Web Crypto's ML-DSA-44, which `jose` uses, announces itself as experimental on standard error each time a process
 * first signs or verifies. That one warning is kept from people; every other one is passed on.
 */
const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
  if (!String(warning).includes('ML-DSA-44 Web Crypto API')) emit(warning, ...rest);
}) as typeof process.emitWarning;
