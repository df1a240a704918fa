// Pictures of the workbench for the eye: the grid with 2, 4 and 12 columns, in both themes and on a phone, and what stands
// around it. Made by one command, `SCREENS=write node tests/e2e/run.mjs screens`, into `__screenshots__`, which is committed;
// without SCREENS they go where all evidence goes. Nobody compares pixels: what is asserted is that nothing overflows.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { setTheme } from '../lib/browser.mjs';
import { eventually } from '../lib/expect.mjs';
import { TEAM, ask } from '../lib/steps.mjs';
import { HOME, arrange, ended, finished, grows, openRun, part, start } from '../lib/workbench.mjs';
import { ANSWERS, PROMPT, SYSTEM } from '../lib/answers.mjs';

const kept = path.join(path.dirname(fileURLToPath(import.meta.url)), '../__screenshots__');
const SIZES = [[1280, 800], [390, 844]];
const WIDE = [1920, 1000];
const NAMES = ANSWERS.map(({ name }) => name);
const MODELS = ANSWERS.map(({ name, price }) => ({ name, upstream: name, price }));

/** Says its text at a pace of its own, under a name with a date as providers give them. */
const script = ({ name, text }, at) => ({ speech: { source: { kind: 'text', text } }, between_tokens_ms: 8 + 3 * at, served_model: `${name}-2026-08` });

/** Both themes at both widths. */
async function picture(world, page, name, { fullPage = false, sizes = SIZES, before = async () => undefined } = {}) {
  const folder = process.env.SCREENS === 'write' ? kept : world.out;
  await mkdir(folder, { recursive: true });
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    await before();
    for (const theme of ['light', 'dark']) {
      await setTheme(page, theme);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} px wider than a screen of ${width}`);
      await page.screenshot({ path: path.join(folder, `${name}-${width}-${theme}.png`), fullPage });
    }
  }
  await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] });
}

/** A run of the first `count` models, finished, with its answers in view. */
async function gridOfColumns(world, count, more = {}) {
  const page = await world.browser.open(HOME);
  const models = NAMES.slice(0, count);
  const run = await start(page, { models, system: SYSTEM, user: PROMPT, task: 'algorithms', ...more });
  await ended(page, run);
  await openRun(world, run, '', page);
  await finished(page, models, more.cases ? 1 : null);
  return { page, run };
}

/** Scrolls to the answers: the form above them has pictures of its own. */
const toAnswers = (page) => page.getByRole('region', { name: 'Answers', exact: true }).evaluate((it) => it.scrollIntoView({ block: 'start' }));

export const tests = [
  ['the team has models that answer as models do', async (world) => {
    await arrange(world, MODELS);
    for (const [at, one] of ANSWERS.entries()) await world.upstream.script(script(one, at), one.name);
  }],

  ['the empty playground, and the form filled in', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=${NAMES.slice(0, 4).join(',')}`);
    await page.getByLabel('System prompt', { exact: true }).fill(SYSTEM);
    await page.getByLabel('User prompt', { exact: true }).fill(PROMPT);
    await part(page, 'Parameters');
    await eventually('the cost is shown', () => page.locator('.guard').innerText(), (text) => /at most/.test(text));
    await picture(world, page, 'form', { fullPage: true });
  }],

  ...[2, 4, 12].map((count) => [`the grid with ${count} columns`, async (world) => {
    const { page } = await gridOfColumns(world, count);
    const sizes = count === 12 ? [WIDE, ...SIZES] : SIZES;
    await picture(world, page, `grid-${count}`, { sizes, before: () => toAnswers(page) });
  }]),

  ['the grid while it streams, one column failed and one stopped', async (world) => {
    await world.upstream.script({ fault: { kind: 'status', status: 503 } }, NAMES[3]);
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: NAMES.slice(0, 4), system: SYSTEM, user: PROMPT });
    await openRun(world, run, '', page);
    await grows(page, NAMES[0], 3);
    await page.getByRole('button', { name: new RegExp(`^Stop ${NAMES[2]} `) }).click();
    await picture(world, page, 'grid-streaming', { sizes: [SIZES[0]], before: () => toAnswers(page) });
    await ended(page, run);
    await world.upstream.script(script(ANSWERS[3], 3), NAMES[3]);
  }],

  ['rows of cases, differences, a blind vote and the exact request', async (world) => {
    const cases = [['heap', 'Rust'], ['trie', 'Go']].map(([what, language]) => ({ name: `${what} in ${language}`, values: [['what', what], ['language', language]] }));
    const { page, run } = await gridOfColumns(world, 3, { cases, user: 'Explain a {{what}} in {{language}}.' });
    await picture(world, page, 'rows', { before: () => toAnswers(page) });
    await openRun(world, run, '?base=0&diff=words', page);
    await eventually('it is compared', () => page.locator('[role=log] ins').count(), (count) => count > 0);
    await picture(world, page, 'differences', { sizes: [SIZES[0]], before: () => toAnswers(page) });
    await openRun(world, run, '?blind=1', page);
    await picture(world, page, 'blind', { sizes: [SIZES[0]], before: () => toAnswers(page) });
    await openRun(world, run, '', page);
    await page.getByRole('button', { name: /^Exact request of/ }).first().click();
    await page.getByRole('dialog', { name: /^Exact request/ }).locator('pre').first().waitFor();
    await picture(world, page, 'exact-request');
  }],

  ['history, a request and the verdicts', async (world) => {
    const page = await world.browser.open(HOME);
    const { rows } = await ask(page, 'history/list', { query: { team: TEAM.slug, limit: 40 } });
    for (const [at, row] of rows.entries()) {
      const outcome = ['accepted', 'accepted', 'edited', 'rejected'][at % 4];
      await ask(page, 'feedback/give', { input: { team: TEAM.slug, request: row.request, verdict: { outcome, edit_distance: outcome === 'edited' ? 900 : null, rating: 5 - (at % 4), comment: '', tags: [] } } });
    }
    for (const [name, address] of [['history', 'history'], ['request', `history/${rows[1].request}`], ['verdicts', 'verdicts'], ['runs', 'runs']]) {
      await world.browser.open(`${HOME}/${address}`, page);
      await picture(world, page, name);
    }
  }],
];
