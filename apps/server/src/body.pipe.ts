import { ValidationPipe, type Type, type ValidationError } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { problem } from './problem.ts';

/**
 * For each body class-validator goes through the checks of all classes there are, to find those of one: a tenth of what a
 * command costs. They are a class's own for good once it is declared, so they are looked up once.
 */
function rememberChecks(): void {
  const storage = getMetadataStorage();
  const lookUp = storage.getTargetValidationMetadatas.bind(storage);
  const known = new Map<unknown, ReturnType<typeof lookUp>>();
  storage.getTargetValidationMetadatas = (target, schema, always, strictGroups, groups) => {
    if (schema || always || strictGroups || groups) return lookUp(target, schema, always, strictGroups, groups);
    let checks = known.get(target);
    if (checks === undefined) known.set(target, (checks = lookUp(target, schema, always, strictGroups, groups)));
    return checks;
  };
}
rememberChecks();

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
