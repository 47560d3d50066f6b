import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsISO8601, IsObject, IsOptional, IsString, Length, Matches, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Personal data beside a payload (domain.md, Personal data): written only as ciphertext under the person's own key. */
export class PersonalBody {
  /** At least 128 random bits, base64url: keeps the digest from being guessed. */
  @IsString()
  @Length(22, 64)
  salt!: string;

  @IsDefined()
  @IsObject()
  fields!: Record<string, unknown>;
}

/** What every command may say beside its own members. */
export class CommandBody {
  /** When it happened; now if absent. RFC 3339, UTC, milliseconds. */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(TIME, { message: 'occurredAt must be UTC with milliseconds, like 2026-07-06T09:00:00.000Z' })
  occurredAt?: string;

  /** From when it counts; now if absent. RFC 3339, UTC, milliseconds. */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(TIME, { message: 'effectiveAt must be UTC with milliseconds, like 2026-07-06T09:00:00.000Z' })
  effectiveAt?: string;

  @ApiPropertyOptional({ type: () => PersonalBody })
  @IsOptional()
  @ValidateNested()
  @Type(() => PersonalBody)
  personal?: PersonalBody;
}

/** A command that begins a stream may give its id; it is refused if taken. */
export class CreatingBody extends CommandBody {
  @ApiPropertyOptional()
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,128}$/)
  id?: string;
}
