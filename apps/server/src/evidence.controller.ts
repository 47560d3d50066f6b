import {
  Body,
  Controller,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsISO8601,
  IsOptional,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { COMMANDS } from '@countersign/domain';
import { isBroken, readEvidence, type Broken, type Reading } from '@countersign/evidence';
import { EvidenceFiles, FileTooLargeError, type Caller } from '@countersign/identity';
import { importEvidence, Ledger, type Imported } from '@countersign/ledger';
import { bodyPipe } from './body.pipe.ts';
import { CallerGuard, CallerOf } from './caller.guard.ts';
import { idempotencyKeyOf, problemOf } from './commands/controller.ts';
import { problem } from './problem.ts';
import { PutFileQuery, queryPipe } from './questions.query.ts';

export const EVIDENCE_LIMIT = Symbol('evidence limit');

const ID = /^[A-Za-z0-9._-]{1,128}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const HOLDERS = COMMANDS.find(({ type }) => type === 'ReceiveEvidence')?.roles ?? [];

/** A hundred years: no log is further off, and every time stays one that can be written. */
const LONGEST_SHIFT = 100 * 365.25 * 86_400_000;

/** What is declared of a log that stands for a session's own. */
class SampleBody {
  /** The model's name as the log has it, which stands for the session's model version. */
  @IsOptional()
  @Length(1, 200)
  alias?: string;

  /** Added to the log's times, in milliseconds. */
  @IsOptional()
  @IsInt()
  @Min(-LONGEST_SHIFT)
  @Max(LONGEST_SHIFT)
  timeShift?: number;

  /** Stands for the log's own status. */
  @IsOptional()
  @IsIn(['success', 'error', 'cancelled', 'started'])
  status?: 'success' | 'error' | 'cancelled' | 'started';
}

/** A run that is reported after the fact. What the log and the grant leave open may be said; what is not is not guessed. */
class ReportBody {
  @Matches(ID)
  grant!: string;

  @IsOptional()
  @Matches(ID)
  modelVersion?: string;

  @IsOptional()
  @IsIn(['weights', 'api'])
  modality?: 'weights' | 'api';

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(ID, { each: true })
  testers?: string[];

  @IsOptional()
  @IsISO31661Alpha2()
  place?: string;

  @IsOptional()
  @Length(1, 200)
  endUse?: string;

  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  startedAt?: string;
}

class EvidenceBody {
  /** SHA-256 of a file that was put before. */
  @Matches(DIGEST)
  file!: string;

  /** The session that it is evidence of. */
  @IsOptional()
  @Matches(ID)
  session?: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => SampleBody)
  sample?: SampleBody;

  @IsOptional()
  @ValidateNested()
  @Type(() => ReportBody)
  report?: ReportBody;

  /** It is not to be read: a document. */
  @IsOptional()
  @IsBoolean()
  document?: boolean;
}

const named = { pattern: DIGEST.source, type: 'string' } as const;
const EVIDENCE_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['file'],
  properties: {
    file: { ...named, description: 'SHA-256 of a file that was put before' },
    session: { type: 'string', description: 'the session that it is evidence of' },
    document: { type: 'boolean', description: 'not to be read' },
    sample: {
      type: 'object',
      additionalProperties: false,
      description: 'declares that the log stands for the session’s own',
      properties: {
        alias: { type: 'string' },
        timeShift: {
          type: 'integer',
          minimum: -LONGEST_SHIFT,
          maximum: LONGEST_SHIFT,
          description: 'milliseconds',
        },
        status: { enum: ['success', 'error', 'cancelled', 'started'] },
      },
    },
    report: {
      type: 'object',
      additionalProperties: false,
      required: ['grant'],
      description: 'a run that is reported after the fact',
      properties: {
        grant: { type: 'string' },
        modelVersion: { type: 'string' },
        modality: { enum: ['weights', 'api'] },
        testers: { type: 'array', items: { type: 'string' } },
        place: { type: 'string' },
        endUse: { type: 'string' },
        startedAt: { type: 'string', format: 'date-time' },
      },
    },
  },
} as const;

/** What a reader made of a file, without what only its holder needs. */
const told = (reading: Reading | Broken) =>
  isBroken(reading)
    ? { file: reading.sha256, bytes: reading.bytes, damage: damageOf(reading) }
    : {
        file: reading.sha256,
        bytes: reading.bytes,
        members: reading.members.length,
        membersRoot: reading.membersRoot,
        kind: reading.log.format === 'gateway-log' ? 'gateway-log' : 'evaluation-log',
      };
const damageOf = ({ fault, where, detail }: Broken) => ({ fault, where, detail });

/** Files of testers and gateways: put by digest, then made evidence by a command. */
@Controller('v1')
@UseGuards(CallerGuard)
@ApiTags('evidence')
@ApiBearerAuth()
export class EvidenceController {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(EvidenceFiles) private readonly files: EvidenceFiles,
    @Inject(EVIDENCE_LIMIT) private readonly limit: number,
  ) {}

  @Put('evidence-files/:digest')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'PutEvidenceFile',
    summary: 'Keeps a file, encrypted, by the SHA-256 of its content; one that cannot be read only with `keep=broken`',
  })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiResponse({ status: 200, description: 'What the file is.' })
  @ApiResponse({ status: 413, description: 'A problem document (RFC 9457).' })
  @ApiResponse({ status: 422, description: 'A problem document (RFC 9457): what is wrong with the file, and where.' })
  async put(
    @Param('digest') digest: string,
    @Query(queryPipe()) { keep }: PutFileQuery,
    @CallerOf() caller: Caller,
    @Req() request: FastifyRequest,
  ) {
    this.#holds(caller);
    const body = request.body as Readable | undefined;
    if (!DIGEST.test(digest)) throw problem(400, 'invalid-query', 'a file is put under its SHA-256 in lowercase hex');
    if (typeof body?.pipe !== 'function')
      throw problem(415, 'unsupported-media-type', 'send the file as application/octet-stream');
    // Said beforehand, it need not be read first.
    if (Number(request.headers['content-length'] ?? 0) > this.limit)
      throw problem(413, 'file-too-large', `a file of more than ${this.limit} bytes`);
    let file;
    try {
      file = await this.files.receive(body, this.limit);
    } catch (error) {
      if (error instanceof FileTooLargeError) throw problem(413, 'file-too-large', error.message);
      throw error;
    }
    try {
      if (file.sha256 !== digest) throw problem(422, 'other-digest', `the file's digest is ${file.sha256}`);
      const reading = await readEvidence(file.path);
      if (isBroken(reading) && keep === undefined) {
        const { fault, where, detail } = reading;
        throw problem(422, 'evidence-unreadable', `${fault} at ${where}: ${detail}`);
      }
      await this.files.keep(file, caller.party);
      return told(reading);
    } finally {
      await this.files.discard(file);
    }
  }

  @Post('evidence')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'ReceiveEvidence',
    summary: `Makes a file evidence, and holds it against the ledger. For: ${HOLDERS.join(', ')}`,
  })
  @ApiBody({ schema: EVIDENCE_SCHEMA as never })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: 'a quoted string, drawn once for each command' })
  @ApiResponse({ status: 201, description: 'Its status, what did not fit, and the receipts.' })
  @ApiResponse({ status: 403, description: 'A problem document (RFC 9457).' })
  async receive(
    @Body(bodyPipe()) body: EvidenceBody,
    @Headers('idempotency-key') key: string | undefined,
    @CallerOf() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Extract<Imported, { outcome: 'imported' }>> {
    this.#holds(caller);
    const idempotencyKey = idempotencyKeyOf(key);
    const said = JSON.parse(JSON.stringify(body)) as EvidenceBody;
    const file = this.files.isHeldBy(said.file, caller.party) ? await this.files.open(said.file) : undefined;
    if (file === undefined) throw problem(404, 'not-found', `you have put no file ${said.file}: put it first`);
    try {
      const { session, sample, report, document } = said;
      const imported = await importEvidence(this.ledger, {
        reading: await readEvidence(file.path),
        actor: { party: caller.party, role: caller.role },
        idempotencyKey,
        route: request.url,
        body: said,
        ...(session === undefined ? {} : { session }),
        ...(sample === undefined ? {} : { sample }),
        ...(report === undefined ? {} : { report }),
        ...(document === undefined ? {} : { document }),
      });
      if (imported.outcome === 'imported') {
        const last = Math.max(...imported.receipts.map(({ index }) => index));
        if (last >= 0) void reply.header('position', String(last));
        return imported;
      }
      throw imported.outcome === 'not-said' ? problem(400, 'not-stated', imported.detail) : problemOf(imported);
    } finally {
      await this.files.discard(file);
    }
  }

  #holds(caller: Caller): void {
    if (!HOLDERS.includes(caller.role))
      throw problem(403, 'not-entitled', `evidence is handed in by ${HOLDERS.join(', ')}, not by ${caller.role}`);
  }
}
