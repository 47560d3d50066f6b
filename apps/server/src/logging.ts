import type { LoggerService } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { destination, pino, type Logger } from 'pino';
import type { WithCaller } from './caller.guard.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Structured logs: one JSON object a line, on standard error, so that what is said to people stays readable. */
export const openLog = (level: LogLevel): Logger =>
  pino(
    {
      level,
      base: { service: 'countersign' },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (name) => ({ level: name }) },
    },
    destination({ dest: 2, sync: true }),
  );

/** What Nest itself has to say goes the same way. */
export function forNest(log: Logger): LoggerService {
  const say =
    (level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal') =>
    (message: unknown, ...more: unknown[]) => {
      // The last is Nest's name of who speaks; before it may be what it is about.
      const texts = more.filter((each) => typeof each === 'string');
      const context = texts.pop();
      const about = { context, ...(texts.length === 0 ? {} : { about: texts.join(' ') }) };
      // What keeps it from listening is thrown too, and told there.
      if (context === 'NestApplication' && level === 'error') log.debug(about, String(message));
      else if (message instanceof Error) log[level]({ ...about, err: message }, message.message);
      else log[level](about, String(message));
    };
  return {
    log: say('debug'),
    error: say('error'),
    warn: say('warn'),
    debug: say('debug'),
    verbose: say('trace'),
    fatal: say('fatal'),
  };
}

/** Asked every few seconds by machines; nobody wants to read that. */
const POLLED: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/health/no-op', '/metrics']);

/**
 * A line for each request: which route, by whom, with what outcome, how long. The route is its pattern, never the URL, and
 * no header, no body and no token is in it: a log is no place for what a command says or whom it is about.
 */
export function logRequests(app: NestFastifyApplication, log: Logger): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const level = reply.statusCode >= 500 ? 'error' : POLLED.has(route) ? 'debug' : 'info';
      if (log.isLevelEnabled(level)) {
        const { caller } = request as WithCaller;
        log[level](
          {
            request: request.id,
            method: request.method,
            route,
            status: reply.statusCode,
            ms: Math.round(reply.elapsedTime * 10) / 10,
            ...(caller === undefined ? {} : { party: caller.party, role: caller.role }),
          },
          'answered',
        );
      }
      done();
    });
}
