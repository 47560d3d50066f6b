import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { PartyId } from '@countersign/domain';
import { readZip } from '@countersign/dossier';
import { StoryClock } from '@countersign/ledger';
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

    test('an export’s report is one that a person can read, on a screen and on paper, and asks nothing of anyone', async () => {
      const token = await opened.tokens.issue(
        { party: 'party-us-reg' as PartyId, role: 'regulator', subject: 'reg' },
        60,
      );
      const answer = await fetch(`${url}/v1/export`, { headers: { authorization: `Bearer ${token}` } });
      const members = readZip(Buffer.from(await answer.arrayBuffer()));
      const report = members.find(({ name }) => name === 'report.html');
      const { page: shown, errors } = await page();
      await shown.setContent(Buffer.from(report?.data ?? []).toString('utf8'));
      expect(await shown.textContent('h1')).toBe('Trusted-partner testing of frontier models');
      expect(await shown.textContent('.demo')).toContain('fictional');
      const figures = await shown.$$eval('.figures div', (all) => all.map((each) => each.textContent));
      expect(figures).toEqual([
        '10sessions opened',
        '7completed',
        '1terminated',
        '7cells tested',
        '3granted, never tested',
        '3refusals of access',
      ]);
      const tables = await shown.$$eval('table', (all) =>
        all.map((table) => [
          table.tHead?.rows.length,
          table.tBodies[0]?.rows.length,
          table.scrollWidth <= table.ownerDocument.documentElement.clientWidth,
        ]),
      );
      expect(tables.map(([head, , fits]) => [head, fits])).toEqual(tables.map(() => [1, true]));
      expect(tables.slice(0, 3).map(([, rows]) => rows)).toEqual([7, 3, 3]);
      await shoot(shown, 'report');
      const paper = await shown.pdf({ format: 'A4' });
      expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
      expect(errors).toEqual([]);
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
