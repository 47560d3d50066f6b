import canonicalize from 'canonicalize';

/** A value that has no canonical form: where it is (JSON Pointer, RFC 6901) and why. */
export class CanonicalError extends Error {
  override readonly name = 'CanonicalError';
  readonly pointer: string;

  constructor(pointer: string, why: string) {
    super(`${pointer === '' ? 'the value' : pointer} ${why}`);
    this.pointer = pointer;
  }
}

/** RFC 8785. Refuses what would not come back as it went in: NaN, integers beyond 2^53, lone surrogates, undefined. */
export function canonicalJson(value: unknown): string {
  check(value, '');
  return canonicalize(value) as string;
}

function check(value: unknown, pointer: string): void {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new CanonicalError(pointer, 'has a lone surrogate');
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new CanonicalError(pointer, 'is not a finite number');
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw new CanonicalError(pointer, 'is an integer beyond 2^53: it must be a string');
      return;
    case 'boolean':
      return;
    case 'object': {
      if (value === null) return;
      if (Array.isArray(value)) {
        value.forEach((item, i) => check(item, `${pointer}/${i}`));
        return;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
        throw new CanonicalError(pointer, 'is not a plain object');
      for (const [key, item] of Object.entries(value)) {
        if (!key.isWellFormed()) throw new CanonicalError(pointer, 'has a name with a lone surrogate');
        check(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      }
      return;
    }
    default:
      throw new CanonicalError(pointer, `is ${typeof value}, which JSON has not`);
  }
}
