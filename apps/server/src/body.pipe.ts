import { ValidationPipe, type Type, type ValidationError } from '@nestjs/common';
import { problem } from './problem.ts';

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

const faultsOf = (errors: readonly ValidationError[], base = ''): Fault[] =>
  errors.flatMap(({ property, constraints, children }) => {
    const pointer = `${base}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [
      ...Object.values(constraints ?? {}).map((detail) => ({ pointer, detail })),
      ...faultsOf(children ?? [], pointer),
    ];
  });

/**
 * Checks a body against its class, that of the parameter unless told: unknown members are refused, and every fault is named
 * with its place.
 */
export const bodyPipe = (expectedType?: Type): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    ...(expectedType === undefined ? {} : { expectedType }),
    exceptionFactory: (errors) => {
      const faults = faultsOf(errors);
      return problem(400, 'invalid-body', faults[0]?.detail ?? 'the body is not valid', { errors: faults });
    },
  });
