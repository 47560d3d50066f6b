import { glob, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const LOGS: ReadonlySet<string> = new Set(['.eval', '.json', '.jsonl']);

/**
 * The files that arguments name: a file itself, whatever its name; of a folder, and those in it, every `.eval`, `.json`
 * and `.jsonl`; of a pattern, what it matches. In order, each once. One that names nothing is given back as it is.
 */
export async function logFiles(args: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const argument of args) {
    const is = await stat(argument).catch(() => undefined);
    let named: string[] = [];
    if (is?.isDirectory()) named = await within(argument);
    else if (!is && /[*?[{]/.test(argument)) {
      for await (const path of glob(argument)) named.push(path);
      named.sort();
    }
    for (const file of named.length === 0 ? [argument] : named) files.add(file);
  }
  return [...files];
}

async function within(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && LOGS.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
