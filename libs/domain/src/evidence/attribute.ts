import type { DomainView } from '../states.ts';
import type { KnownSession } from '../session/state.ts';
import type { CallsSummary } from './events.ts';
import type { Static } from 'typebox';

/** One call of a model as a gateway saw it. */
export interface Call {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly session?: string;
  readonly tester?: string;
  readonly modelVersion?: string;
  readonly tokens: number;
  readonly outcome: 'ok' | 'error' | 'denied';
}
export interface SessionCalls {
  /** In order. */
  readonly times: number[];
  readonly tokens: readonly number[];
}
export interface Attributed {
  readonly summary: Static<typeof CallsSummary>;
  /** Session → its calls. */
  readonly sessions: ReadonlyMap<string, SessionCalls>;
}

const MOST_STRAYS = 50;

/**
 * Whose calls they are: those of the session that a call names, or of the one that was open then for that tester and
 * model version, among the sessions of this developer's models. What fits none is stray, and counted. A denied request
 * reached no model and is no call.
 */
export function attributeCalls(view: DomainView, developer: string, calls: readonly Call[]): Attributed {
  const sessions = new Map<string, { time: number; tokens: number }[]>();
  const strays = new Map<string, Call[]>();
  const mine = new Map<string, boolean>();
  const isMine = (session: string): boolean => {
    const held = mine.get(session);
    if (held !== undefined) return held;
    const state = view.state('session', session);
    const grant = state === undefined || state.status === 'unknown' ? undefined : view.state('grant', state.grant);
    const is = grant !== undefined && grant.status !== 'unknown' && grant.developer === developer;
    mine.set(session, is);
    return is;
  };
  let denied = 0;
  let tokens = 0;
  for (const call of calls) {
    if (call.outcome === 'denied') {
      denied++;
      continue;
    }
    tokens += call.tokens;
    const session = call.session ?? openThen(view, call);
    if (session !== undefined && isMine(session)) add(sessions, session, { time: call.time, tokens: call.tokens });
    else add(strays, call.session ?? `${call.tester} ${call.modelVersion}`, call);
  }
  const stray = [...strays.values()].slice(0, MOST_STRAYS).map((group) => {
    const [first] = group as [Call];
    const times = group.map(({ time }) => time);
    return {
      ...(first.session === undefined
        ? { tester: first.tester as string, modelVersion: first.modelVersion as string }
        : { session: first.session }),
      calls: group.length,
      firstAt: iso(times.reduce((a, b) => Math.min(a, b))),
      lastAt: iso(times.reduce((a, b) => Math.max(a, b))),
    };
  });
  return {
    summary: {
      calls: calls.length - denied,
      denied,
      tokens,
      stray,
      straysLeftOut: strays.size - stray.length,
    },
    sessions: new Map(
      [...sessions].map(([session, told]) => {
        told.sort((a, b) => a.time - b.time);
        return [session, { times: told.map(({ time }) => time), tokens: told.map((each) => each.tokens) }];
      }),
    ),
  };
}

const iso = (time: number): string => new Date(time).toISOString();

/** The session of a tester and model version that was open then, or had ended least before. */
function openThen(view: DomainView, { tester = '', modelVersion, time }: Call): string | undefined {
  let best: { session: string; began: number } | undefined;
  for (const session of view.related('session', 'testers', tester)) {
    const state = view.state('session', session) as KnownSession | undefined;
    if (state?.modelVersion !== modelVersion || state === undefined || state.began.from > time) continue;
    if (best === undefined || state.began.from > best.began) best = { session, began: state.began.from };
  }
  return best?.session;
}

function add<V>(map: Map<string, V[]>, key: string, value: V): void {
  const held = map.get(key);
  if (held) held.push(value);
  else map.set(key, [value]);
}
