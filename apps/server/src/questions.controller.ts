import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { authorise, type Modality, type ReleasePolicy } from '@countersign/domain';
import { Vault, type Caller } from '@countersign/identity';
import { Ledger, open } from '@countersign/ledger';
import {
  auditedBy,
  inForce,
  matrix,
  refusals,
  replay,
  session,
  usage,
  type Moment,
  type ReadModels,
  type Row,
} from '@countersign/read-models';
import { Answers } from './answers.ts';
import { CallerGuard, CallerOf } from './caller.guard.ts';
import { problem } from './problem.ts';

const READS_EVERYTHING: ReadonlySet<string> = new Set(['custodian', 'licensing-authority', 'regulator']);

const asOf = ApiQuery({
  name: 'asOf',
  required: false,
  description: 'a log index, a time or a day (UTC); the head if absent',
});
const known = ApiQuery({
  name: 'known',
  required: false,
  description: 'then, now, or the index up to which entries are known',
});

interface At {
  readonly asOf?: string;
  readonly known?: string;
}

@Controller('v1')
@UseGuards(CallerGuard)
@ApiTags('questions')
@ApiBearerAuth()
export class QuestionsController {
  constructor(
    @Inject(Answers) private readonly answers: Answers,
    @Inject(Vault) private readonly vault: Vault,
    @Inject(Ledger) private readonly ledger: Ledger,
  ) {}

  @Get('matrix')
  @asOf
  @known
  @ApiOperation({
    summary: 'Which allies tested which models by which modality under which criteria; granted and never tested',
  })
  matrix(@Query() at: At, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => matrix(this.models.at(moment)));
  }

  @Get('in-force')
  @asOf
  @known
  @ApiOperation({ summary: 'What was in force, as of any moment' })
  inForce(@Query() at: At, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => inForce(this.models.at(moment)));
  }

  @Get('refusals')
  @asOf
  @known
  @ApiOperation({ summary: 'Who was refused access, on which rules' })
  refusals(@Query() at: At, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => refusals(this.models, moment));
  }

  @Get('usage')
  @asOf
  @known
  @ApiOperation({ summary: 'How much of each authorisation and grant is used' })
  usage(@Query() at: At, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => usage(this.models.at(moment)));
  }

  @Get('streams/:stream')
  @asOf
  @known
  @ApiOperation({ summary: 'Replay of a stream, event by event' })
  replay(@Param('stream') stream: string, @Query() at: At, @CallerOf() caller: Caller) {
    const answer = this.#rows(at, caller, (moment) => replay(this.models, moment, stream));
    if (answer.rows.length === 0) throw problem(404, 'not-found', `there is no ${stream} that you may see`);
    return answer;
  }

  @Get('sessions/:id')
  @asOf
  @known
  @ApiOperation({ summary: 'A session: the authority it rested on, its assessment, and what it recorded' })
  session(@Param('id') id: string, @Query() at: At, @CallerOf() caller: Caller) {
    const moment = this.#moment(at);
    const answer = session(this.models.at(moment), this.models, id);
    if (!answer || !this.#sees(caller)(answer))
      throw problem(404, 'not-found', `there is no session ${id} that you may see`);
    return { ...said(moment), ...answer };
  }

  @Get('may')
  @asOf
  @known
  @ApiOperation({ summary: 'May these testers start now, and if not, why? A question: it writes nothing' })
  may(
    @Query()
    at: At & {
      grant?: string;
      modelVersion?: string;
      modality?: string;
      tester?: string;
      place?: string;
      facility?: string;
      endUse?: string;
      policy?: string;
    },
    @CallerOf() caller: Caller,
  ) {
    const moment = this.#moment(at);
    const states = this.models.at(moment, (sealed) => open(this.vault, sealed));
    const { grant, modelVersion, modality, tester, place, facility, endUse = 'safety evaluation', policy } = at;
    if (!grant || !modelVersion || !tester || !place || (modality !== 'weights' && modality !== 'api'))
      throw problem(400, 'invalid-query', 'say grant, modelVersion, modality (weights or api), tester and place');
    if (policy !== undefined && policy !== 'ear-most-recent' && policy !== 'itar-all-held')
      throw problem(400, 'invalid-query', 'policy is ear-most-recent or itar-all-held');
    const state = states.state('grant', grant);
    const about = state !== undefined && state.status !== 'unknown' ? state : undefined;
    if (
      !about ||
      !this.#sees(caller)({ ally: about.ally, parties: [about.party, about.authority, about.developer], grant })
    )
      throw problem(404, 'not-found', `there is no grant ${grant} that you may see`);
    const decision = authorise(
      states,
      {
        grant,
        party: about.party,
        modelVersion,
        modality: modality as Modality,
        testers: tester.split(','),
        place,
        endUse,
        ...(facility === undefined ? {} : { facility }),
      },
      moment.time,
      policy as ReleasePolicy | undefined,
    );
    if ('deny' in decision) return { ...said(moment), may: false, reasons: decision.deny };
    const { basis, criteria, assessments } = decision.permit;
    return { ...said(moment), may: true, basis, criteria, assessments };
  }

  /** Current with the ledger's own view. */
  get models(): ReadModels {
    return this.answers.current();
  }

  #rows<R extends Row>(at: At, caller: Caller, answer: (moment: Moment) => readonly R[]) {
    const moment = this.#moment(at);
    return { ...said(moment), rows: answer(moment).filter(this.#sees(caller)) };
  }

  /**
   * Whether a row is the caller's to see (domain.md, *Who commands, who sees*): all of it, where it is concerned, or, for an
   * auditor, what its audits have in scope now.
   */
  #sees(caller: Caller): (row: Row) => boolean {
    if (READS_EVERYTHING.has(caller.role)) return () => true;
    const { models } = this;
    const audited =
      caller.role === 'auditor'
        ? auditedBy(models.at({ index: models.head, time: this.ledger.clock.now() }), caller.party)
        : undefined;
    const party = this.ledger.view.state('party', caller.party) as { country?: string } | undefined;
    const country = caller.role === 'allied-authority' ? party?.country : undefined;
    return ({ ally, parties, grant }) =>
      parties.includes(caller.party) ||
      (country !== undefined && ally === country) ||
      parties.includes('*') ||
      (grant !== undefined && (audited?.has(grant) ?? false));
  }

  #moment(at: At): Moment {
    const moment = this.models.moment({ asOf: at.asOf, known: at.known }, this.ledger.clock.now());
    if ('problem' in moment) throw problem(400, 'invalid-query', moment.problem);
    return moment;
  }
}

/** Each answer names the index that it was computed at: asking again with it gives the same. */
const said = ({ index, time }: Moment) => ({ index, asOf: new Date(time).toISOString() });
