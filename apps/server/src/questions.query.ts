import { ValidationPipe } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO31661Alpha2, IsOptional, IsString, Length, Matches, type ValidationError } from 'class-validator';
import { problem } from './problem.ts';

const ID = /^[A-Za-z0-9._-]{1,128}$/;
const IDS = /^[A-Za-z0-9._-]{1,128}(,[A-Za-z0-9._-]{1,128}){0,49}$/;

/** The moment that a question is about (domain.md, Time). What the words mean depends on the log: see `Entries.moment`. */
export class QuestionQuery {
  @ApiPropertyOptional({
    type: String,
    description:
      'As of a log index, a time (RFC 3339) or a day (UTC, of which every state is listed where states are); the head if absent',
    example: '2026-09-02T03:14:01Z',
  })
  @IsOptional()
  @IsString()
  asOf?: string;

  @ApiPropertyOptional({
    type: String,
    pattern: '^(then|now|0|[1-9][0-9]*)$',
    description:
      'Which entries are known: `then` (those of the moment asked about; the default), `now`, or up to an index. The `index` of an answer, given here, gives the same answer again',
  })
  @IsOptional()
  @IsString()
  known?: string;
}

/** Question 17. */
export class MayQuery extends QuestionQuery {
  @ApiProperty()
  @Matches(ID, { message: 'grant is the id of a grant' })
  grant!: string;

  @ApiProperty()
  @Matches(ID, { message: 'modelVersion is the id of a model version' })
  modelVersion!: string;

  @ApiProperty({ enum: ['weights', 'api'] })
  @IsIn(['weights', 'api'])
  modality!: 'weights' | 'api';

  @ApiProperty({ description: 'ids, with a comma between them' })
  @Matches(IDS, { message: 'tester is the id of a tester, or up to 50 with a comma between them' })
  tester!: string;

  @ApiProperty({ description: 'ISO 3166-1 alpha-2' })
  @IsISO31661Alpha2({ message: 'place is the code of a country (ISO 3166-1 alpha-2)' })
  place!: string;

  @ApiPropertyOptional()
  @IsOptional()
  @Matches(ID, { message: 'facility is the id of a facility' })
  facility?: string;

  @ApiPropertyOptional({ default: 'safety evaluation' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  endUse?: string;

  @ApiPropertyOptional({
    enum: ['ear-most-recent', 'itar-all-held'],
    description: 'by another policy than the one in force',
  })
  @IsOptional()
  @IsIn(['ear-most-recent', 'itar-all-held'])
  policy?: 'ear-most-recent' | 'itar-all-held';
}

/** How a file is put. */
export class PutFileQuery {
  @ApiPropertyOptional({
    enum: ['broken', 'document'],
    description: 'keep a file that cannot be read: to be put aside, or as a document that is not to be read',
  })
  @IsOptional()
  @IsIn(['broken', 'document'])
  keep?: 'broken' | 'document';
}

/** A fault of a question names the parameter, as a member of the query that it was read as. */
export const invalidQuery = (faults: readonly { readonly parameter: string; readonly detail: string }[]) =>
  problem(400, 'invalid-query', faults.map(({ detail }) => detail).join('; ') || 'the query is not valid', {
    errors: faults.map(({ parameter, detail }) => ({ pointer: `/${parameter}`, detail })),
  });

/** Checks a query against its class: unknown parameters are refused, and every fault is named with its place. */
export const queryPipe = (): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    exceptionFactory: (errors: readonly ValidationError[]) =>
      invalidQuery(
        errors.flatMap(({ property, constraints }) =>
          Object.entries(constraints ?? {}).map(([constraint, detail]) => ({
            parameter: property.replaceAll('~', '~0').replaceAll('/', '~1'),
            detail: constraint === 'whitelistValidation' ? `there is no parameter ${property.slice(0, 60)}` : detail,
          })),
        ),
      ),
  });
