import { IsIn, IsISO31661Alpha2, IsJSON, IsOptional, IsString, Length, Matches } from 'class-validator';
import { CommandBody, CreatingBody } from './body.ts';

const KINDS = [
  'licensing-authority',
  'allied-authority',
  'developer',
  'trusted-partner',
  'auditor',
  'regulator',
  'insurer',
  'custodian',
] as const;
const ID = /^[A-Za-z0-9._-]{1,128}$/;

export class RegisterParty extends CreatingBody {
  @IsString()
  @Length(1, 200)
  name!: string;

  @IsIn(KINDS)
  kind!: (typeof KINDS)[number];

  /** ISO 3166-1 alpha-2, of the seat. */
  @IsISO31661Alpha2()
  country!: string;
}

export class AmendParty extends CommandBody {
  @IsOptional()
  @IsString()
  @Length(1, 200)
  name?: string;

  @IsOptional()
  @IsISO31661Alpha2()
  country?: string;
}

export class RegisterFacility extends CommandBody {
  @Matches(ID)
  facility!: string;

  @IsString()
  @Length(1, 200)
  name!: string;

  @IsISO31661Alpha2()
  country!: string;
}

export class AddPartyKey extends CommandBody {
  @Matches(ID)
  kid!: string;

  /** The public key: a JWK (RFC 7517) as JSON text. */
  @IsJSON()
  @Length(1, 4000)
  jwk!: string;
}

export class RetirePartyKey extends CommandBody {
  @Matches(ID)
  kid!: string;
}

export class ReportPartyKeyCompromised extends CommandBody {
  @Matches(ID)
  kid!: string;

  @IsString()
  @Length(1, 4000)
  reason!: string;
}

export class SuspendParty extends CommandBody {
  @IsString()
  @Length(1, 4000)
  reason!: string;
}

export class ReinstateParty extends CommandBody {
  @IsString()
  @Length(1, 4000)
  reason!: string;
}
