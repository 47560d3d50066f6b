import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { PartyId } from '@countersign/domain';
import { Archive, nodePlatform } from '@countersign/dossier';
import { recordedOf, StoryClock, type Entry } from '@countersign/ledger';
import { Reports } from '@countersign/read-models';
import { STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

/** A real browser: the one that the environment names, or a system's. */
const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-browser',
].find((path) => path !== undefined && existsSync(path));
/** Where screenshots go, if someone wants to look at them. */
const screenshots = process.env['SCREENSHOTS'];
const inBrowser = executablePath === undefined ? describe.skip : describe;

inBrowser(
  `pages in a browser${executablePath === undefined ? ' (skipped: no Chromium here, or set CHROMIUM)' : ''}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'pages-'));
    let opened: OpenLedger;
    let app: NestFastifyApplication;
    let browser: Browser;
    let url: string;

    beforeAll(async () => {
      const clock = new StoryClock();
      clock.set(Date.parse(STORY_BEGINS));
      opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
      app = await applicationOver(opened, false);
      await app.listen(0, '127.0.0.1');
      await tellStory(app, opened.ledger, opened.tokens, clock);
      url = await app.getUrl();
      browser = await chromium.launch({
        executablePath: executablePath as string,
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
      });
    }, 60_000);
    afterAll(async () => {
      await browser.close();
      await app.close();
      await opened.close();
      rmSync(folder, { recursive: true });
    });

    async function page(): Promise<{ page: Page; errors: string[] }> {
      const opened = await browser.newPage({ viewport: { width: 1100, height: 1400 } });
      const errors: string[] = [];
      opened.on('pageerror', (error) => errors.push(error.message));
      opened.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      opened.on('request', (request) => {
        const to = request.url();
        if (!to.startsWith(url) && !to.startsWith('data:') && to !== 'about:blank') errors.push(`asked ${to}`);
      });
      return { page: opened, errors };
    }
    const shoot = async (from: Page, name: string) => {
      if (screenshots !== undefined) await from.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
    };

    /** What an export holds, up to its entries. */
    async function exported(): Promise<Map<string, Buffer>> {
      const regulator = { party: 'party-us-reg' as PartyId, role: 'regulator' as const, subject: 'reg' };
      const token = await opened.tokens.issue(regulator, 60);
      const answer = await fetch(`${url}/v1/export`, { headers: { authorization: `Bearer ${token}` } });
      const archive = new Archive(nodePlatform, answer.body as unknown as AsyncIterable<Uint8Array>);
      const files = new Map<string, Buffer>();
      const names = ['README.txt', 'report.html', 'manifest.json', 'manifest.jws', 'checkpoint.txt', 'keys.json'];
      for (const name of [...names, 'entries.jsonl.gz'])
        files.set(name, Buffer.from(await archive.small(name, 1_000_000)));
      await archive.close();
      return files;
    }

    test('an export’s report is one that a person can read, on a screen and on paper, and asks nothing of anyone', async () => {
      const { page: shown, errors } = await page();
      await shown.setContent((await exported()).get('report.html')?.toString('utf8') ?? '');
      expect(await shown.textContent('h1')).toBe('Trusted-partner testing of frontier models');
      expect(await shown.getAttribute('html', 'lang')).toBe('en');
      expect(await shown.textContent('.demo')).toContain('fictional');
      const figures = await shown.$$eval('.figures li', (all) => all.map((each) => each.textContent));
      expect(figures).toEqual([
        '10sessions opened',
        '7completed',
        '1terminated',
        '7cells tested',
        '3granted, never tested',
        '3refusals of access',
      ]);
      const head = await shown.textContent('header');
      expect(head).toContain('demo.countersign.example/log');
      expect(head).toContain(opened.ledger.store.checkpoint().split('\n')[2]);

      // The matrix: allies × models and modalities, each cell in words and not by colour alone.
      const matrix = await shown.$$eval('.matrix tr', (rows) =>
        rows.map((row) =>
          [...row.cells].map((cell) => cell.textContent.replaceAll(/\s+/g, ' ').trim().split(':')[0] ?? ''),
        ),
      );
      expect(matrix[0]).toEqual(['Ally', 'Halyard 5API', 'Halyard 5Weights', 'Sextant 5API']);
      expect(matrix.slice(1).map(([ally = '', ...cells]) => [ally.slice(0, 2), ...cells])).toEqual([
        ['AU', '–', '–', '▲ Terminated1 session'],
        ['DE', '● Tested2 sessions', '–', '–'],
        ['FR', '○ Never tested', '–', '● Tested2 sessions'],
        ['GB', '● Tested1 session', '● Tested1 session', '○ Never tested'],
        ['JP', '○ Never tested', '● Tested1 session', '–'],
        ['KR', '● Tested2 sessions', '–', '–'],
      ]);
      const text = (await shown.textContent('main'))?.replaceAll(/\s+/g, ' ');
      expect(text).toContain('3 calls, the last 41 s after');
      expect(text).toContain('The release would be to a country that the authorisation does not cover');
      expect(text).toContain('Albion Safety Laboratory');
      expect(text).toContain('countersign verify FILE --policy POLICY');

      const tables = await shown.$$eval('table', (all) =>
        all.map((table) => ({
          heads: table.tHead?.rows.length,
          caption: (table.caption?.textContent ?? '').trim() !== '',
          scoped: [...table.querySelectorAll('th')].every((each) => ['col', 'row'].includes(each.scope)),
          repeats: table.tHead && table.ownerDocument.defaultView?.getComputedStyle(table.tHead).display,
          fits: table.scrollWidth <= table.ownerDocument.documentElement.clientWidth,
        })),
      );
      expect(tables.length).toBeGreaterThan(10);
      const good = { heads: 1, caption: true, scoped: true, repeats: 'table-header-group', fits: true };
      expect(tables).toEqual(tables.map(() => good));
      await shoot(shown, 'report');
      const paper = await shown.pdf({
        format: 'A4',
        ...(screenshots ? { path: join(screenshots, 'report.pdf') } : {}),
      });
      expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
      const pages = paper.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      expect(pages).toBeGreaterThan(2);
      expect(pages).toBeLessThan(12);
      expect(errors).toEqual([]);
      await shown.close();
    }, 60_000);

    test('names that are written to harm a reader are shown as they are written', async () => {
      const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'&amp;\u202e</style>';
      const lines = gunzipSync((await exported()).get('entries.jsonl.gz') ?? Buffer.alloc(0)).toString('utf8');
      const spoiled = lines
        .replaceAll('Albion Safety Laboratory', JSON.stringify(hostile).slice(1, -1))
        .replaceAll('"Halyard 5"', JSON.stringify(hostile))
        .trimEnd()
        .split('\n');
      const time = Date.parse('2026-11-13T09:00:00.000Z');
      const log = { index: spoiled.length - 1, time, mode: hostile, origin: hostile, root: hostile };
      const reports = new Reports(log);
      for (const [index, line] of spoiled.entries()) reports.add(recordedOf(JSON.parse(line) as Entry, index));
      const files = new Map(reports.finish().map(({ name, data }) => [name, Buffer.from(data).toString('utf8')]));
      const { page: shown, errors } = await page();
      const dialogs: string[] = [];
      shown.on('dialog', (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      await shown.setContent(files.get('report.html') ?? '');
      expect(await shown.$$eval('script,img,iframe,link', (all) => all.length)).toBe(0);
      expect(await shown.textContent('main')).toContain(hostile.replace('\u202e', '\ufffd'));
      expect([dialogs, errors]).toEqual([[], []]);
      await shown.close();
    }, 60_000);

    test('the API’s description opens, and lists commands and questions', async () => {
      const { page: shown, errors } = await page();
      await shown.goto(`${url}/docs`);
      await shown.waitForSelector('.opblock', { timeout: 20_000 });
      const paths = await shown.$$eval('.opblock-summary-path', (all) =>
        all.map((each) => each.getAttribute('data-path')),
      );
      expect(paths).toEqual(expect.arrayContaining(['/v1/matrix', '/v1/parties', '/v1/evidence', '/log/checkpoint']));
      await shoot(shown, 'docs');
      expect(errors).toEqual([]);
      await shown.close();
    }, 60_000);
  },
);
