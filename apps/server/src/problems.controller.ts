import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RULES, type RuleDescription } from '@countersign/domain';
import { problem } from './problem.ts';

/** Problems that are of the protocol, not of a rule. */
const OF_THE_PROTOCOL: Readonly<Record<string, RuleDescription>> = {
  'not-authenticated': { title: 'There is no valid bearer token' },
  'invalid-body': { title: 'The body is not what the command takes: `errors` says where and why' },
  'invalid-query': { title: 'The question is not put as it must be' },
  'bad-request': { title: 'The request cannot be understood' },
  'idempotency-key-missing': { title: 'A command needs an Idempotency-Key' },
  'idempotency-key-invalid': { title: 'The Idempotency-Key is no quoted string' },
  'idempotency-key-reused': { title: 'The key came before with another command' },
  'command-under-way': { title: 'A command with this key is being decided' },
  'if-match-invalid': { title: 'If-Match is no quoted revision' },
  'revision-mismatch': { title: 'The stream has moved on since the caller saw it' },
  'not-current': { title: 'This process has not seen an entry that its caller saw elsewhere' },
  'store-unavailable': { title: 'Nothing can be made durable or signed; reads go on' },
  'body-too-large': { title: 'A command’s body is larger than 64 KiB: more goes in as evidence' },
  'unsupported-media-type': { title: 'The body is of another media type than the route takes' },
  'file-too-large': { title: 'The evidence file is larger than this ledger takes' },
  'other-digest': { title: 'The file has another SHA-256 than the one that it was put under' },
  'evidence-unreadable': { title: 'The file cannot be read as evidence: the detail says what is wrong and where' },
  'internal-error': { title: 'The ledger failed; nothing of the command was acknowledged' },
};
export const PROBLEM_TYPES: Readonly<Record<string, RuleDescription>> = { ...RULES, ...OF_THE_PROTOCOL };

/** What a problem's `type` leads to. */
@Controller('problems')
@ApiTags('operation')
export class ProblemsController {
  @Get()
  @ApiOperation({ summary: 'Every problem type' })
  all(): Readonly<Record<string, RuleDescription>> {
    return PROBLEM_TYPES;
  }

  @Get(':name')
  @ApiOperation({ summary: 'A problem type' })
  one(@Param('name') name: string): RuleDescription & { readonly type: string } {
    const found = Object.hasOwn(PROBLEM_TYPES, name) ? PROBLEM_TYPES[name] : undefined;
    if (!found) throw problem(404, 'not-found', `there is no problem type ${name}`);
    return { type: `/problems/${name}`, ...found };
  }
}
