import { IsString, Length } from 'class-validator';
import { CommandBody } from './body.ts';

export class SetPolicyParameter extends CommandBody {
  @IsString()
  @Length(1, 200)
  name!: string;

  @IsString()
  @Length(1, 4000)
  value!: string;
}
