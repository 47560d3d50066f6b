import type { Type as Class } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { CommandBody, CreatingBody } from './body.ts';

/** The parts of JSON Schema that payloads are written in. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/**
 * The class of a command's body, decorated for `class-validator` from the payload's schema in the domain: one source
 * says what a command holds, and the edge cannot differ from it.
 */
export function bodyClassOf(name: string, schema: TSchema, creates: boolean): Class<CommandBody> {
  const Body = class extends (creates ? CreatingBody : CommandBody) {};
  Object.defineProperty(Body, 'name', { value: name });
  decorateMembers(Body, name, schema as Schema);
  return Body;
}

function nestedClassOf(name: string, schema: Schema): Class {
  const Nested = class {};
  Object.defineProperty(Nested, 'name', { value: name });
  decorateMembers(Nested, name, schema);
  return Nested;
}

function decorateMembers(target: Class, name: string, { properties = {}, required = [] }: Schema): void {
  for (const [member, schema] of Object.entries(properties)) {
    const decorate = (...decorators: PropertyDecorator[]) => {
      for (const decorator of decorators) decorator(target.prototype as object, member);
    };
    decorate(required.includes(member) ? IsDefined() : IsOptional());
    decorateValue(decorate, `${name}_${member}`, schema, false);
  }
}

function decorateValue(
  decorate: (...decorators: PropertyDecorator[]) => void,
  name: string,
  schema: Schema,
  each: boolean,
): void {
  if (schema.enum) decorate(IsIn([...schema.enum], { each }));
  else if (schema.type === 'string') {
    decorate(IsString({ each }));
    if (schema.minLength !== undefined || schema.maxLength !== undefined)
      decorate(Length(schema.minLength ?? 0, schema.maxLength ?? 16_000, { each }));
    if (schema.format === 'iso-3166-1-alpha-2') decorate(IsISO31661Alpha2({ each }));
    else if (schema.pattern !== undefined) decorate(Matches(new RegExp(schema.pattern), { each }));
  } else if (schema.type === 'integer') {
    decorate(
      IsInt({ each }),
      Max(schema.maximum ?? Number.MAX_SAFE_INTEGER, { each }),
      Min(schema.minimum ?? Number.MIN_SAFE_INTEGER, { each }),
    );
  } else if (schema.type === 'boolean') decorate(IsBoolean({ each }));
  else if (schema.type === 'array' && schema.items && !each) {
    decorate(IsArray(), ArrayMinSize(schema.minItems ?? 0), ArrayMaxSize(schema.maxItems ?? 1000));
    decorateValue(decorate, name, schema.items, true);
  } else if (schema.type === 'object' && schema.properties) {
    const Nested = nestedClassOf(name, schema);
    decorate(
      IsObject({ each }),
      ValidateNested({ each }),
      Type(() => Nested),
    );
  } else decorate(conformsTo(schema as TSchema, each));
}

/** For what class-validator has no words for, such as a union. */
const conformsTo =
  (schema: TSchema, each: boolean): PropertyDecorator =>
  (target, propertyName) =>
    registerDecorator({
      name: 'conformsTo',
      target: target.constructor,
      propertyName: propertyName as string,
      options: { each },
      validator: {
        validate: (value: unknown) => Check(schema, value),
        defaultMessage: () => `${String(propertyName)} must conform to ${JSON.stringify(schema)}`,
      },
    });
