import { ValidationPipe, type ValidationError } from '@nestjs/common';
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

/** Checks a body against its class: unknown members are refused, and every fault is named with its place. */
export const bodyPipe = (): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    exceptionFactory: (errors) => {
      const faults = faultsOf(errors);
      return problem(400, 'invalid-body', faults[0]?.detail ?? 'the body is not valid', { errors: faults });
    },
  });
