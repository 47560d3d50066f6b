import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { authorise, type GrantState } from '@countersign/domain';
import { Vault, type Caller } from '@countersign/identity';
import { Ledger, open } from '@countersign/ledger';
import {
  auditedBy,
  authority,
  inForce,
  inForceOn,
  matrix,
  refusals,
  replay,
  session,
  usage,
  type Moment,
  type Position,
  type ReadModels,
  type Row,
} from '@countersign/read-models';
import { Answers } from './answers.ts';
import { CallerGuard, CallerOf, READS_EVERYTHING } from './caller.guard.ts';
import { problem } from './problem.ts';
import { invalidQuery, MayQuery, queryPipe, QuestionQuery } from './questions.query.ts';

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
  @ApiOperation({ summary: 'Which allies tested which models how, under which criteria; granted and never tested' })
  matrix(@Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => matrix(this.models.at(moment)));
  }

  @Get('in-force')
  @ApiOperation({ summary: 'What was in force; of a day, every state that it saw' })
  inForce(@Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    const { models } = this;
    return this.#rows(at, caller, (moment) =>
      moment.day === undefined
        ? inForce(models.at(moment))
        : inForceOn(models, (each) => models.at(each), moment.day, moment.knownAt),
    );
  }

  @Get('refusals')
  @ApiOperation({ summary: 'Who was refused access, on which rules' })
  refusals(@Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => refusals(this.models, moment));
  }

  @Get('usage')
  @ApiOperation({ summary: 'How much of each authorisation and grant is used, and what would stop with it' })
  usage(@Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    return this.#rows(at, caller, (moment) => usage(this.models.at(moment)));
  }

  @Get('streams/:stream')
  @ApiOperation({ summary: 'A history, event by event, with the state after each' })
  replay(@Param('stream') stream: string, @Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    const answer = this.#rows(at, caller, (moment) => replay(this.models, moment, stream));
    if (answer.rows.length === 0) throw problem(404, 'not-found', `there is no ${stream} that you may see`);
    return answer;
  }

  @Get('sessions/:id')
  @ApiOperation({ summary: 'What a session recorded, the state of its evidence, and what it rested on' })
  session(@Param('id') id: string, @Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    return this.#ofSession(id, at, caller, (moment) => session(this.models.at(moment), this.models, id));
  }

  @Get('sessions/:id/authority')
  @ApiOperation({ summary: 'Under what authority a session opened, as known then, and what became of it' })
  authority(@Param('id') id: string, @Query(queryPipe()) at: QuestionQuery, @CallerOf() caller: Caller) {
    const { models } = this;
    return this.#ofSession(id, at, caller, (moment) =>
      authority(models.at(moment), models, (each) => models.at(each), id),
    );
  }

  @Get('may')
  @ApiOperation({ summary: 'May these testers start now, and if not, why? A question: it writes nothing' })
  may(@Query(queryPipe()) at: MayQuery, @CallerOf() caller: Caller) {
    const { grant, modelVersion, modality, tester, place, facility, endUse = 'safety evaluation', policy } = at;
    return this.#answered(at, (moment) => {
      const states = this.models.at(moment, (sealed) => open(this.vault, sealed));
      const about = states.state('grant', grant);
      if (about === undefined || about.status === 'unknown' || !this.#sees(caller)(concernedBy(grant, about)))
        throw problem(404, 'not-found', `there is no grant ${grant} that you may see`);
      const decision = authorise(
        states,
        {
          grant,
          party: about.party,
          modelVersion,
          modality,
          testers: tester.split(','),
          place,
          endUse,
          ...(facility === undefined ? {} : { facility }),
        },
        moment.time,
        policy,
      );
      if ('deny' in decision) return { may: false, reasons: decision.deny };
      const { basis, criteria, assessments } = decision.permit;
      const { set, version, by } = criteria;
      return { may: true, basis, criteria: { set, version, by }, assessments };
    });
  }

  /** Current with the ledger's own view. */
  get models(): ReadModels {
    return this.answers.current();
  }

  #rows<R extends Row>(at: QuestionQuery, caller: Caller, answer: (moment: Position) => readonly R[]) {
    const sees = this.#sees(caller);
    return this.#answered(at, (moment) => ({ rows: answer(moment).filter(sees) }));
  }

  #ofSession<A extends Row>(id: string, at: QuestionQuery, caller: Caller, answer: (moment: Moment) => A | undefined) {
    return this.#answered(at, (moment) => {
      const found = answer(moment);
      if (!found || !this.#sees(caller)(found))
        throw problem(404, 'not-found', `there is no session ${id} that you may see`);
      return found;
    });
  }

  /**
   * An answer names the index and the time that it was computed at: asking again with them gives the same bytes. Without
   * `asOf` that is the head at its log time, so that the same question at the same position has the same answer; only
   * where something fell due by the clock alone since the last entry is it answered as of the clock.
   */
  #answered<A extends object>(at: QuestionQuery, answer: (moment: Position) => A) {
    const { models } = this;
    const asked = models.moment(at);
    if ('problem' in asked) throw invalidQuery([{ parameter: asked.parameter, detail: asked.problem }]);
    const answered = answer(asked);
    const now = this.ledger.clock.now();
    if (at.asOf === undefined && asked.index === models.head && now > asked.time) {
      const due = answer({ ...asked, time: now });
      if (JSON.stringify(due) !== JSON.stringify(answered)) return { ...said({ ...asked, time: now }), ...due };
    }
    return { ...said(asked), ...answered };
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
}

const said = ({ index, time }: Moment) => ({ index, asOf: new Date(time).toISOString() });
const concernedBy = (grant: string, about: Exclude<GrantState, { status: 'unknown' }>): Row => ({
  ally: about.ally,
  parties: [about.party, about.authority, about.developer],
  grant,
});
