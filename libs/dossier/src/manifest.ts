import { AFTER, BEFORE, jsonText, REPORT_NAME, type Manifest } from './bundle.ts';
import { BundleError } from './source.ts';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const DIGEST = /^[0-9a-f]{64}$/;
const LONGEST_NAME = 255;

/**
 * A manifest's text, checked as far as one must know it before the entries come. What it says of these is made again
 * from them later and compared.
 *
 * @throws BundleError
 */
export function parseManifest(text: string): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BundleError('it is no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || jsonText(parsed) !== text)
    throw new BundleError('it is not written as it must be');
  const manifest = parsed as Partial<Manifest>;
  if (manifest.format !== 'countersign-bundle/1' || manifest.scope !== 'all')
    throw new BundleError('it is of another format or scope');
  const { origin, mode, recipient, generator, size, asOf, files } = manifest;
  for (const name of [origin, mode, recipient, generator])
    if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME)
      throw new BundleError('it lacks a name, or has one that is too long');
  if (!Number.isSafeInteger(size) || (size as number) < 1) throw new BundleError('it has no size');
  if (typeof asOf !== 'string' || !TIME.test(asOf) || Number.isNaN(Date.parse(asOf)))
    throw new BundleError('it has no time');
  checkFiles(files);
  return manifest as Manifest;
}

function checkFiles(files: unknown): void {
  if (typeof files !== 'object' || files === null) throw new BundleError('it lists no files');
  const names = Object.keys(files);
  const fixed = [...BEFORE, ...AFTER];
  if (
    names.slice(0, fixed.length).join('\n') !== fixed.join('\n') ||
    names.slice(fixed.length).some((name) => !REPORT_NAME.test(name))
  )
    throw new BundleError('the files that it lists are not those of a bundle, in their order');
  for (const file of Object.values(files) as unknown[]) {
    const { sha256, bytes } = (file ?? {}) as { sha256?: unknown; bytes?: unknown };
    if (typeof sha256 !== 'string' || !DIGEST.test(sha256) || !Number.isSafeInteger(bytes))
      throw new BundleError('it lists a file without digest or length');
  }
}
