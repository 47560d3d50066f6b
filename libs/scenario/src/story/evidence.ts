import { fileURLToPath } from 'node:url';
import { at, type Step } from './step.ts';

/** Real evaluation logs of others stand for the sessions' own: what each calls its model, and when it began. */
const LOGS: Readonly<Record<string, readonly [model: string, startedAt: string]>> = {
  'popularity-unscored-2025-02.eval': ['openai/gpt-4o-mini', '2025-02-11T20:17:00.000Z'],
  'class-eval-2025-12.eval': ['openai/gpt-5-nano', '2025-12-13T23:15:44.000Z'],
  'cancelled-2025-05.json': ['openai/gpt-4o-mini', '2025-05-13T00:28:13.000Z'],
  'error-2024-08.json': ['mockllm/model', '2024-08-29T15:11:08.000Z'],
  'popularity-2024-10.eval': ['ollama/llama3.1', '2024-10-15T16:53:13.000Z'],
  'pubmedqa.json': ['openai/azure/gpt-4o-mini', '2025-07-03T14:44:30.000Z'],
  'websearch-2025-11.eval': ['anthropic/claude-sonnet-4-5', '2025-11-07T15:59:47.000Z'],
  'popularity-epochs-2024-11.eval': ['azureai/Meta-Llama-3-1-405B-Instruct-jqf', '2024-11-05T20:04:20.000Z'],
  'security-guide-2025-05.json': ['openai/gpt-4o-mini', '2025-05-13T00:28:26.000Z'],
  'mmlu-2025-12.eval': ['openai/gpt-4o', '2025-12-19T12:36:46.000Z'],
};

/** Where a file of the story is. */
export const logFile = (name: string): string => fileURLToPath(new URL(`../../logs/${name}`, import.meta.url));

/** A log becomes evidence of a session, as a sample that is declared to have run from `ran` on. */
export function attach(time: string, session: string, by: string, file: string, ran: string, status?: string): Step {
  const [alias, startedAt] = LOGS[file] as [string, string];
  const timeShift = Date.parse(ran) - Date.parse(startedAt);
  return at(time, by, 'evidence', {
    file: { of: file },
    session,
    sample: { alias, timeShift, ...(status === undefined ? {} : { status }) },
  });
}
