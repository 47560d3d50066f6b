import type { ApiBody } from '@nestjs/swagger';
import type { CommandDefinition } from '@countersign/domain';

type SchemaObject = Exclude<Extract<Parameters<typeof ApiBody>[0], { schema: unknown }>['schema'], { $ref: string }>;

const TIME = {
  type: 'string',
  format: 'date-time',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
} as const;

/** The payload's schema, and what every command may say beside it: what the API's description says of a body. */
export const bodySchemaOf = ({ schema, creates }: CommandDefinition): SchemaObject => {
  const { properties, required } = JSON.parse(JSON.stringify(schema)) as Pick<SchemaObject, 'properties' | 'required'>;
  return {
    type: 'object',
    additionalProperties: false,
    required: required ?? [],
    properties: {
      ...properties,
      ...(creates
        ? { id: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$', description: 'drawn if absent' } }
        : {}),
      occurredAt: { ...TIME, description: 'When it happened in the world. UTC with milliseconds; now if absent' },
      effectiveAt: { ...TIME, description: 'From when it counts. UTC with milliseconds; now if absent' },
      personal: {
        type: 'object',
        additionalProperties: false,
        required: ['salt', 'fields'],
        description: 'Personal data: written only as ciphertext under a key of the person’s own',
        properties: {
          salt: { type: 'string', minLength: 22, maxLength: 64, description: 'at least 128 random bits, base64url' },
          fields: { type: 'object' },
        },
      },
    },
  };
};
