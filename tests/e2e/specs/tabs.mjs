// Many streams at once: twelve cells in one tab, six tabs on HTTP/1.1, all by keyboard, and read by axe while it streams.
import assert from 'node:assert/strict';

import { hydrated } from '../lib/browser.mjs';
import { eventually, expect } from '../lib/expect.mjs';
import { Keyboard } from '../lib/keyboard.mjs';
import { look } from '../lib/look.mjs';
import { TEAM, ask } from '../lib/steps.mjs';
import { named } from '../lib/upstream.mjs';
import { HOME, answer, arrange, becomes, cell, ended, finished, grows, log, openForm, openRun, plain, runOf, start, state, view } from '../lib/workbench.mjs';

const TWELVE = Array.from({ length: 12 }, (_, at) => `m${at + 1}`);
const MODELS = [
  ...TWELVE.map((name) => ({ name, upstream: named(name, { words: 400, pace: 20 }) })),
  { name: 'quick', upstream: named('quick', { words: 30 }) },
  { name: 'lasting', upstream: named('lasting', { words: 900, pace: 30 }) },
  { name: 'lasting-2', upstream: named('lasting2', { words: 900, pace: 30 }) },
];
const upstream = (name) => MODELS.find((model) => model.name === name).upstream;
const TABS = 6;

/** As the browser does with a tab that is behind others: told to the page, because a headless browser shows all of them. */
const hide = (page, hidden) => page.evaluate((value) => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (value ? 'hidden' : 'visible') });
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}, hidden);

export const tests = [
  ['the team has models', (world) => arrange(world, MODELS)],

  ['pg_9 twelve cells stream in one tab while somebody types, and each is whole', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: TWELVE, user: 'All of you.' });
    await openRun(world, run, '', page);
    await plain(page);
    await openForm(page);
    for (const name of ['m1', 'm12']) await grows(page, name, 1);
    const box = page.getByLabel('System prompt', { exact: true });
    await box.focus();
    const typed = 'Typing goes on while twelve answers arrive. '.repeat(3);
    await page.keyboard.type(typed, { delay: 15 });
    assert.ok((await Promise.all(TWELVE.map((name) => state(page, name)))).includes('running'), 'typing fell into the streams');
    assert.equal(await box.inputValue(), typed);
    await finished(page, TWELVE);
    for (const name of TWELVE) assert.equal(await answer(page, name), await world.expectedText(upstream(name), [{ role: 'user', content: 'All of you.' }]), name);
  }],

  ['pg_9 six tabs with a running grid each stay alive on HTTP/1.1, and all runs end', async (world) => {
    const first = await world.browser.open(HOME);
    const runs = [];
    for (let at = 0; at < TABS; at += 1) runs.push(await start(first, { models: ['m1', 'm2', 'm3'], user: `Tab ${at + 1}` }));
    await first.close();
    const tabs = [];
    for (const run of runs) {
      for (const tab of tabs) await hide(tab, true);
      const tab = await openRun(world, run);
      await plain(tab);
      tabs.push(tab);
    }
    // Whoever comes to a tab finds it alive: its answers grow, its buttons ask the server, its links lead on.
    for (const [at, tab] of tabs.entries()) {
      await hide(tab, false);
      await eventually(`tab ${at + 1} hears`, () => log(tab, 'm1').innerText(), (text) => text.length > 0);
      assert.ok((await ask(tab, 'teams/me', {})) !== null, `tab ${at + 1} can ask`);
      await hide(tab, at + 1 < TABS);
    }
    for (const [at, tab] of tabs.entries()) {
      await hide(tab, false);
      await finished(tab, ['m1', 'm2', 'm3']);
      const said = [{ role: 'user', content: `Tab ${at + 1}` }];
      for (const name of ['m1', 'm2', 'm3']) assert.equal(await answer(tab, name), await world.expectedText(upstream(name), said), `tab ${at + 1}, ${name}`);
      await tab.getByRole('link', { name: 'History', exact: true }).first().click();
      await tab.getByRole('heading', { level: 1, name: 'History' }).waitFor();
    }
  }],

  ['an idle tab holds no connection', async (world) => {
    const page = await world.browser.page();
    const open = new Set();
    page.on('request', (request) => { if (request.url().includes('/ui/events')) open.add(request); });
    page.on('requestfinished', (request) => open.delete(request));
    page.on('requestfailed', (request) => open.delete(request));
    await world.browser.open(HOME, page);
    assert.equal(open.size, 0, 'nothing to hear on the home page');
    const run = await start(page, { models: ['quick'], user: 'Short.' });
    await ended(page, run);
    await openRun(world, run, '', page);
    await finished(page, ['quick']);
    await eventually('a finished run is let go', () => open.size, (count) => count === 0);
  }],

  ['pg_9 a tab that comes back shows what ran meanwhile, and keeps a note that is being written', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['quick', 'lasting'], user: 'Come back.' }, [{ variant: 0, case: 0 }]);
    await openRun(world, run, '', page);
    await finished(page, ['quick']);
    const quick = cell(page, 'quick');
    await quick.getByRole('button', { name: 'Note', exact: true }).click();
    await quick.getByLabel('Comment').fill('Half a note');
    await hide(page, true);
    const lasting = (await view(page, run)).cells.find((it) => it.place.variant === 1);
    await ask(page, 'runs/again', { input: { team: TEAM.slug, run, cells: [lasting.id], failed_only: false } });
    assert.equal(await state(page, 'lasting'), 'not run', 'nobody told a tab that nobody looks at');
    await hide(page, false);
    await becomes(page, 'lasting', 'running');
    await expect(quick.getByLabel('Comment')).toHaveValue('Half a note');
    await page.getByRole('button', { name: /^Stop all/ }).click();
    await becomes(page, 'lasting', 'stopped');
    await expect(quick.getByLabel('Comment')).toHaveValue('Half a note');
  }],

  ['axe finds nothing while answers stream, at two widths and in both themes', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['lasting', 'lasting-2'], user: 'Say {{say}}.', cases: ['one', 'two'] });
    await openRun(world, run, '', page);
    await grows(page, 'lasting', 2, 1);
    assert.equal(await log(page, 'lasting', 1).getAttribute('aria-busy'), 'true');
    await look(world, page, 'run-streaming');
    assert.equal(await state(page, 'lasting', 1), 'running', 'it still streamed when axe looked');
    assert.equal(await log(page, 'lasting', 1).getAttribute('aria-live'), 'off', 'an answer is no live region');
    await page.getByRole('button', { name: /^Stop all/ }).click();
    await becomes(page, 'lasting', 'stopped', 1);
    await look(world, page, 'run-stopped');
  }],

  ['one status tells what begins and what ended', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['m1', 'quick'], user: 'Tell me.' });
    await openRun(world, run, '', page);
    const statuses = () => page.getByRole('status').evaluateAll((all) => all.map((it) => it.textContent.trim()).filter(Boolean));
    await eventually('the end is told', statuses, (all) => all.some((text) => /(quick|m1) finished, \d+ tokens/.test(text)));
    await finished(page, ['m1', 'quick']);
  }],

  ['the playground is worked by keyboard alone', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=lasting,m2`);
    const keys = new Keyboard(page);
    await keys.to('Choose models', 'button');
    await page.keyboard.press('Enter');
    await keys.to(/^quick/, 'checkbox');
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await eventually('the focus is back', async () => (await keys.focused()).name, (name) => name === 'Choose models');
    await keys.type('User prompt', 'By keyboard only.');
    await page.keyboard.press('Control+Enter');
    const run = await runOf(page);
    await hydrated(page);
    await cell(page, 'lasting').waitFor();
    await grows(page, 'lasting', 1);

    // Into the first answer, along the row, and stopping what has the focus.
    await keys.to('lasting', 'log');
    await page.keyboard.press('ArrowRight');
    await eventually('the next cell', async () => (await keys.focused()).name, (name) => name === 'm2');
    await page.keyboard.press('ArrowLeft');
    await eventually('back', async () => (await keys.focused()).name, (name) => name === 'lasting');
    await page.keyboard.press('Escape');
    await becomes(page, 'lasting', 'stopped');
    await becomes(page, 'm2', 'finished');
    assert.equal((await keys.focused()).name, 'lasting', 'the focus stays');
    await page.keyboard.press('Shift+Enter');
    await becomes(page, 'lasting', 'running');
    await grows(page, 'lasting', 1);
    await page.keyboard.press('Control+.');
    await becomes(page, 'lasting', 'stopped');

    await keys.press('Exact request of m2');
    const drawer = await keys.dialog(/^Exact request/);
    await keys.to('curl', 'button');
    await page.keyboard.press('Enter');
    await keys.escape(drawer, 'Exact request of m2');
    await keys.to('Accept', 'button');
    await page.keyboard.press('Enter');
    await keys.to('Row', 'button');
    await page.keyboard.press('Enter');
    assert.match(page.url(), /view=scroll/);
    const [first] = (await view(page, run)).cells;
    assert.equal(first.samples[0].take, 2);
  }],

  ['a phone shows one column at a time, and leads to the others', async (world) => {
    const page = await world.browser.page();
    await page.setViewportSize({ width: 390, height: 844 });
    const home = await world.browser.open(HOME, page);
    const run = await start(home, { models: ['m1', 'm2', 'm3'], user: 'Small.' });
    await openRun(world, run, '', page);
    await finished(page, ['m1', 'm2', 'm3']);
    const inView = (name) => cell(page, name).evaluate((it) => {
      const box = it.getBoundingClientRect();
      return box.left >= -8 && box.right <= innerWidth + 8 && box.width > innerWidth * 0.7;
    });
    assert.ok(await inView('m1'));
    assert.ok(!(await inView('m2')));
    await page.getByRole('group', { name: 'Columns' }).getByRole('button', { name: 'm3' }).click();
    await eventually('the third is in view', () => inView('m3'), (it) => it);
    const small = await page.getByRole('button').evaluateAll((all) => all.filter((it) => it.offsetParent && it.type !== 'file').flatMap((it) => {
      const { width, height } = it.getBoundingClientRect();
      return width < 24 || height < 24 ? [`${it.ariaLabel ?? it.innerText}: ${width} x ${height}`] : [];
    }));
    assert.deepEqual(small, [], 'every target is at least 24 px');
    assert.equal((await ask(page, 'runs/list', { query: { team: TEAM.slug } })).runs[0].id, run);
  }],
];
