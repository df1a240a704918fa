// The playground (`product.md` 10): columns and rows, what runs and what it would cost, what a cell says, views, drafts,
// and the exact request. Inputs have a spec of their own (`inputs.mjs`), comparing as well (`compare.mjs`).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { ANSWERS } from '../lib/answers.mjs';
import { eventually, expect } from '../lib/expect.mjs';
import { costNano, exactDollars } from '../lib/journal.mjs';
import { TEAM, ask, press } from '../lib/steps.mjs';
import { named, saying } from '../lib/upstream.mjs';
import {
  HOME, PRICE, answer, arrange, cell, ended, figure, finished, gridOf, layout, log, newKey, only, openForm, openRun, part, plain, reload, runButton, runFromForm, runOf,
  start, state, view,
} from '../lib/workbench.mjs';

const TWELVE = Array.from({ length: 12 }, (_, at) => `m${at + 1}`);
const MODELS = [
  ...TWELVE.map((name) => ({ name, upstream: named(name, { words: 12 + Number(name.slice(1)) }) })),
  { name: 'spare', upstream: named('spare', { words: 8 }) },
  { name: 'narrow', upstream: named('narrow', { words: 8 }), context_window: 300, max_output: 100 },
  { name: 'free', upstream: named('free', { words: 8 }), price: { input: '', output: '' } },
  { name: 'long', upstream: named('long', { words: 1500 }) },
  { name: 'longer', upstream: named('longer', { words: 2500 }) },
  { name: 'growing', upstream: named('growing', { echo: true, pace: 10 }), max_output: 16_384 },
  { name: 'failing', upstream: named('failing', { 500: true }) },
  { name: 'cached', upstream: named('cached', { words: 20, prompt: 1000, cached: 600, think: 7, 'show-thoughts': true, served: 'fake-cached-2026' }) },
];
const upstream = (name) => MODELS.find((model) => model.name === name).upstream;

/** The words beside *Run*, once they answer what the form says. */
const guard = (page, wanted) => eventually('the cost is shown', () => page.locator('.guard').innerText(), (text) => wanted.test(text));

export const tests = [
  ['the team has models', (world) => arrange(world, MODELS)],

  ['pg_1 columns are chosen up to twelve, named by the address, and the thirteenth is refused with the limit', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=${TWELVE.slice(0, 11).join(',')}`);
    await expect(page.locator('main')).toContainText('11 of 12 columns');
    await press(page, 'Choose models');
    const box = (name) => page.getByRole('checkbox', { name: new RegExp(`^${name}( |$)`) });
    await box('m12').check();
    await expect(page.locator('main')).toContainText('12 of 12 columns');
    assert.equal(new URL(page.url()).searchParams.get('models'), TWELVE.join(','));
    assert.ok(await box('spare').isDisabled(), 'there is no room for one more');
    await box('m12').uncheck();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Remove m11' }).click();
    assert.equal(new URL(page.url()).searchParams.get('models'), TWELVE.slice(0, 10).join(','));
    const tooMany = gridOf({ models: [...TWELVE, 'spare'], user: 'x' });
    await world.browser.allowing(/status of 400/, () => assert.rejects(ask(page, 'runs/start', { input: { team: TEAM.slug, grid: tooMany } }), /12/));
  }],

  ['pg_1 twelve columns and three rows stream side by side, each cell with the answer to its own row', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=${TWELVE.join(',')}`);
    await page.getByLabel('User prompt', { exact: true }).fill('Sort {{what}} in {{language}}.');
    await part(page, 'Cases');
    for (const [row, [what, language]] of [['lists', 'Rust'], ['maps', 'Go'], ['größe', '日本語']].entries()) {
      if (row > 0) await page.getByRole('button', { name: 'Add case' }).click();
      await page.getByLabel(`what of case ${row + 1}`).fill(what);
      await page.getByLabel(`language of case ${row + 1}`).fill(language);
    }
    await guard(page, /^36 cells, about \$[\d.]+, at most \$[\d.]+, no budget/);
    await runButton(page).click();
    const run = await runOf(page);
    const stored = await ended(page, run);
    assert.equal(stored.cells.length, 36);
    await plain(page);
    for (const [row, user] of ['Sort lists in Rust.', 'Sort maps in Go.', 'Sort größe in 日本語.'].entries()) {
      for (const name of ['m1', 'm7', 'm12']) {
        await finished(page, [name], row + 1);
        assert.equal(await answer(page, name, row + 1), await world.expectedText(upstream(name), [{ role: 'user', content: user }]));
      }
    }
  }],

  ['pg_2 a cell, a row, a column, what failed and all run again, and the newest take is shown', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['m1', 'failing'], user: 'Say {{say}}.', cases: ['one', 'two'] }, [{ variant: 0, case: 0 }]);
    await openRun(world, run, '', page);
    await finished(page, ['m1'], 1);
    assert.equal(await state(page, 'm1', 2), 'not run', 'only one cell was asked for');
    const takes = async () => (await ended(page, run)).cells.map((it) => it.samples[0]?.take ?? 0);
    const press_ = async (name, wanted) => {
      await page.getByRole('button', { name }).click();
      await eventually(`${name} runs`, takes, (found) => found.join() === wanted);
    };
    assert.deepEqual(await takes(), [1, 0, 0, 0]);
    await press_('Run m1, case 1 (Shift Enter)', '2,0,0,0');
    await press_('Run the row 2', '2,0,1,1');
    await press_('Run the column failing', '2,1,1,2');
    await press_('Run 2 failed cells again', '2,2,1,3');
    await openForm(page);
    await press_(/^Run all again/, '3,3,2,4');
    const { cost } = await view(page, run);
    const sum = world.journal.of(upstream('m1')).slice(-5).reduce((nano, it) => nano + costNano(it.usage, { input: PRICE.input, cacheRead: PRICE.cache_read, output: PRICE.output }), 0n);
    assert.equal(BigInt(cost), sum, 'the run costs what all its takes cost');
    for (const [name, keys] of [[/^Run all again/, 'Ctrl ↵'], [/^Run m1, case 1/, 'Shift Enter']]) {
      assert.ok((await page.getByRole('button', { name }).first().getAttribute('aria-label') ?? await page.getByRole('button', { name }).first().innerText()).includes(keys), `${name} prints its shortcut`);
    }
  }],

  ['pg_2 a changed form starts a run of its own', async (world) => {
    const page = await world.browser.page();
    const first = await runFromForm(world, page, { models: ['m1'], user: 'First question' });
    await ended(page, first);
    const line = page.getByRole('button', { name: /^Request First question/ });
    assert.equal(await line.getAttribute('aria-expanded'), 'false', 'the answers come first');
    await openForm(page);
    await expect(page.getByLabel('User prompt', { exact: true })).toHaveValue('First question');
    await page.getByLabel('User prompt', { exact: true }).fill('Second question');
    await line.click();
    await page.getByRole('button', { name: 'Request First question changed', exact: true }).waitFor();
    await openForm(page);
    await expect(page.getByLabel('User prompt', { exact: true })).toHaveValue('Second question');
    await page.getByRole('button', { name: /^Run as a new run/ }).click();
    await eventually('another run', () => runOf(page), (run) => run !== first);
    await ended(page, await runOf(page));
    assert.equal((await view(page, first)).grid.prompt.turns[0].text, 'First question');
  }],

  ['pg_3 a cell has up to ten samples, with paging and a count of distinct answers', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=m1,m2`);
    await page.getByLabel('User prompt', { exact: true }).fill('Sample me.');
    await page.getByLabel('Each cell').selectOption({ label: '3 samples' });
    await guard(page, /2 cells, 6 answers/);
    await runButton(page).click();
    await ended(page, await runOf(page));
    await expect(cell(page, 'm1')).toContainText('1 of 3, 1 distinct answer');
    await cell(page, 'm1').getByRole('button', { name: 'Next sample' }).click();
    await expect(cell(page, 'm1')).toContainText('2 of 3');
    await expect(cell(page, 'm2')).toContainText('1 of 3');
    await world.browser.allowing(/status of 400/, () => assert.rejects(start(page, { models: ['m1'], user: 'x', samples: 11 }), /10/));
  }],

  ['pg_4 before anything runs the page says what it would cost, what has no price and what cannot run', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=m1,free,narrow`);
    await page.getByLabel('User prompt', { exact: true }).fill(`Summarise this: ${'word '.repeat(600)}`);
    const text = await guard(page, /cannot run/);
    assert.match(text, /3 cells, about \$[\d.]+, at most \$[\d.]+/);
    assert.match(text, /free without a price/);
    assert.match(text, /1 cell cannot run, the others can/);
    assert.match(text, /narrow: [A-Z].*(context|long|token)/s);
    const forecast = await ask(page, 'runs/forecast', { team: TEAM.slug, grid: gridOf({ models: ['m1'], user: 'hello' }) });
    assert.ok(BigInt(forecast.worst) > 0n && BigInt(forecast.expected) <= BigInt(forecast.worst), JSON.stringify(forecast));
    const before = world.journal.attempts().length;
    await page.waitForTimeout(300);
    assert.equal(world.journal.attempts().length, before, 'looking at the cost costs nothing');
  }],

  ['pg_5 parameters are shared until a column has its own, and what a model does not take says why', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=m1,m2`);
    await page.getByLabel('User prompt', { exact: true }).fill('Parameters, please.');
    await part(page, 'Parameters');
    await press(page, 'Code');
    await expect(page.getByLabel('Temperature')).toHaveValue('0.2');
    await page.getByLabel('Max output tokens').fill('9');
    await page.getByLabel('More members of the request, as JSON').fill('{"x_house_rule": 7}');
    const grid = gridOf({ models: ['m1', 'm2'], user: 'x' });
    const { unsupported } = await ask(page, 'runs/forecast', { team: TEAM.slug, grid });
    const labels = { top_k: 'Top k', seed: 'Seed', top_p: 'Top p', frequency_penalty: 'Frequency penalty', presence_penalty: 'Presence penalty' };
    for (const [field, label] of Object.entries(labels)) {
      const taken = unsupported.filter((it) => it.field === field).length < 2;
      await eventually(`${label} is ${taken ? 'free' : 'closed'}`, () => page.getByLabel(label, { exact: true }).isDisabled(), (closed) => closed === !taken);
    }
    await page.getByRole('button', { name: 'Give m2 its own prompt or parameters' }).click();
    const panel = page.getByRole('dialog', { name: 'Column 2: m2' });
    await panel.getByRole('heading', { name: 'Parameters' }).locator('xpath=..').getByRole('button', { name: 'Unlock' }).click();
    await panel.getByLabel('Temperature').fill('1.5');
    await panel.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'm2 has its own parameters' }).waitFor();
    const before = world.journal.attempts().length;
    await runButton(page).click();
    await ended(page, await runOf(page));
    const asked = (name) => only(world, upstream(name), before).summary;
    assert.equal(Number(asked('m1').sampling.temperature), 0.2);
    assert.equal(Number(asked('m2').sampling.temperature), 1.5);
    assert.equal(asked('m1').sampling.max_tokens, 9);
    for (const name of ['m1', 'm2']) assert.ok(asked(name).ignored.includes('x_house_rule'), `${name} was sent what has no field`);
  }],

  ['pg_5 a wrong parameter is named in its place, and nothing runs', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=m1`);
    await page.getByLabel('User prompt', { exact: true }).fill('Hot.');
    await part(page, 'Parameters');
    await page.getByLabel('Temperature').fill('hot');
    await page.getByLabel('More members of the request, as JSON').fill('[1]');
    await world.browser.allowing(/status of 400/, async () => {
      await runButton(page).click();
      await eventually('two fields are wrong', () => page.locator('[aria-invalid="true"]').count(), (count) => count === 2);
    });
    await expect(page.locator('main')).toContainText('0.3');
    assert.ok(!/playground\/[0-9a-f-]{36}/.test(page.url()));
  }],

  ['nothing moves under the pointer of somebody who has just typed', async (world) => {
    const page = await world.browser.open(`${HOME}/playground?models=m1`);
    await page.getByLabel('User prompt', { exact: true }).fill('Typed a moment ago.');
    const button = page.getByRole('group', { name: 'More of the request' }).getByRole('button', { name: /^Parameters/ });
    const { x, y } = await button.boundingBox();
    await page.mouse.move(x + 8, y + 8);
    await page.mouse.down();
    await page.waitForTimeout(60);
    assert.equal((await button.boundingBox()).y, y, 'the button stays where it was pressed');
    await page.mouse.up();
    await eventually('it is open', () => button.getAttribute('aria-expanded'), (it) => it === 'true');
  }],

  ['pg_8 a cell says its times, tokens by class, cost, finish, who served it, and links to its receipt', async (world) => {
    const page = await world.browser.page();
    const before = world.journal.attempts().length;
    await runFromForm(world, page, { models: ['cached'], user: 'Metrics, please.' });
    await finished(page, ['cached']);
    const { usage } = only(world, upstream('cached'), before);
    const nano = costNano(usage, { input: PRICE.input, cacheRead: PRICE.cache_read, output: PRICE.output });
    assert.equal((await figure(page, 'cached', 'Cost')).title, `$${exactDollars(nano)}`);
    const tokens = await figure(page, 'cached', 'Tokens');
    assert.equal(tokens.text, `1,000 in, ${usage.completion} out`);
    assert.match(tokens.title, /400 input, 600 read from cache, \d+ output, 7 reasoning/);
    for (const label of ['First token', 'Total']) assert.match((await figure(page, 'cached', label)).text, /^\d[\d.]* (ms|s)$/);
    assert.equal((await figure(page, 'cached', 'Finish')).text, 'stop');
    await expect(cell(page, 'cached')).toContainText('fake-cached-2026 at house, 600 from cache, 7 reasoning');
    await cell(page, 'cached').getByRole('link', { name: 'Receipt' }).click();
    await expect(page.locator('main')).toContainText(exactDollars(nano));
  }],

  ['pg_15 grid, row and focus views stand in the address, and reload and Back keep them', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['m1', 'm2', 'm3'], user: 'Say {{say}}.', cases: ['one', 'two'] });
    await openRun(world, run, '', page);
    await finished(page, ['m1', 'm2', 'm3'], 2);
    const logs = (wanted) => eventually(`${wanted} cells are shown`, () => page.getByRole('log').count(), (count) => count === wanted);
    await layout(page, 'Row');
    await logs(3);
    assert.equal(new URL(page.url()).searchParams.get('view'), 'scroll');
    await page.getByRole('button', { name: 'Next case' }).click();
    await cell(page, 'm2', 2).waitFor();
    await cell(page, 'm2', 2).getByRole('button', { name: 'Focus on m2, case 2' }).click();
    await logs(1);
    const address = new URL(page.url()).search;
    assert.match(address, /view=focus/);
    assert.match(address, /cell=1\.1/);
    await reload(page);
    await cell(page, 'm2', 2).waitFor();
    await logs(1);
    await page.getByRole('button', { name: 'Next cell' }).click();
    await cell(page, 'm3', 2).waitFor();
    await openRun(world, run, '?view=nonsense&cell=99.99&base=77', page);
    await cell(page, 'm1', 1).waitFor();
  }],

  ['pg_15 an answer that grows is read at its end, until its reader scrolls up, and again from there on', async (world) => {
    const page = await world.browser.open(HOME);
    const text = ANSWERS.map((it) => it.text).join('\n\n');
    const run = await start(page, { models: ['growing'], user: saying(`${text}\n\n${text}`) });
    await openRun(world, run, '', page);
    const box = () => log(page, 'growing').evaluate((it) => ({ top: it.scrollTop, rest: it.scrollHeight - it.clientHeight - it.scrollTop, all: it.scrollHeight }));
    const grown = (all) => eventually('the answer grows', box, (it) => it.all > all + 200);
    const first = await grown((await box()).all);
    assert.ok(first.rest <= 24, `${first.rest} px below the reader`);
    await log(page, 'growing').evaluate((it) => { it.scrollTop = 40; });
    const later = await grown(first.all);
    assert.equal(later.top, 40);
    await log(page, 'growing').evaluate((it) => { it.scrollTop = it.scrollHeight; });
    const last = await grown(later.all);
    assert.ok(last.rest <= 24, `${last.rest} px below the reader`);
    await page.getByRole('button', { name: /^Stop all/ }).click();
    await ended(page, run);
  }],

  ['pg_15 answers of a row scroll together when asked to', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['long', 'longer'], user: 'Long, please.' });
    await openRun(world, run, '', page);
    await finished(page, ['long', 'longer']);
    const share = (name) => log(page, name).evaluate((it) => it.scrollTop / (it.scrollHeight - it.clientHeight));
    const scroll = (name, to) => log(page, name).evaluate((it, part) => { it.focus(); it.scrollTop = (it.scrollHeight - it.clientHeight) * part; }, to);
    await scroll('long', 0.5);
    await page.waitForTimeout(200);
    const before = await share('longer');
    await page.getByRole('button', { name: 'Scroll together' }).click();
    await scroll('long', 0.25);
    await eventually('the other answer follows', () => share('longer'), (at) => Math.abs(at - 0.25) < 0.02);
    assert.ok(Math.abs(before - 0.5) > 0.02, 'before, each scrolled by itself');
  }],

  ['pg_16 pg_13 every cell tells the exact request, its translation, the raw answer, and commands that work', async (world) => {
    const page = await world.browser.page();
    const before = world.journal.attempts().length;
    await runFromForm(world, page, { models: ['m1'], user: 'Show me "everything" in \'quotes\' $HOME `id` \\.', system: 'Terse.' });
    await finished(page, ['m1']);
    await cell(page, 'm1').getByRole('button', { name: 'Exact request of m1' }).click();
    const drawer = page.getByRole('dialog', { name: 'Exact request, m1' });
    const form = async (name) => {
      await drawer.getByRole('group', { name: 'Form of the request' }).getByRole('button', { name, exact: true }).click();
      return drawer.locator('pre').first().textContent();
    };
    const client = JSON.parse(await form('Client'));
    assert.equal(client.model, 'm1');
    assert.deepEqual(client.messages.map((it) => it.role), ['system', 'user']);
    for (const name of ['curl', 'Python', 'TypeScript', 'Rust']) {
      const code = await form(name);
      assert.ok(code.includes('TALLYGATE_KEY') && code.includes(world.url), `${name}:\n${code}`);
    }
    await form('Upstream');
    const wire = await drawer.innerText();
    assert.ok(wire.includes(`POST ${world.fakeUrl}/chat/completions`) && wire.includes(upstream('m1')), wire);
    assert.match(wire, /status 200/);
    const raw = await drawer.locator('pre').last().textContent();
    assert.ok(raw.includes('data: ') && raw.includes('[DONE]'), raw.slice(0, 200));
    for (const secret of ['sk-test-0123456789', 'authorization', 'Bearer ']) assert.ok(!wire.toLowerCase().includes(secret.toLowerCase()), `${secret} is shown`);

    const secret = await newKey(world, page, 'snippets', ['inference']);
    const printed = execFileSync('bash', ['-c', await form('curl')], { env: { ...process.env, TALLYGATE_KEY: secret }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const text = await world.expectedText(upstream('m1'), client.messages);
    assert.ok(joined(printed) === text, `curl printed ${printed.slice(0, 300)}`);
    assert.equal(world.journal.attempts().length - before, 2);
  }],

  ['what is typed is kept as a draft, and no address ever holds it', async (world) => {
    const page = await world.browser.page();
    const addresses = [];
    page.on('request', (request) => addresses.push(request.url()));
    await world.browser.open(`${HOME}/playground?models=m1,m2`, page);
    await page.getByLabel('System prompt', { exact: true }).fill('zqxsystem words');
    await page.getByLabel('User prompt', { exact: true }).fill('zqxuser words');
    await expect(page.locator('.guard')).toContainText('Draft kept');
    await page.goto(`${HOME}/playground`);
    await expect(page.getByLabel('User prompt', { exact: true })).toHaveValue('zqxuser words');
    await expect(page.getByLabel('System prompt', { exact: true })).toHaveValue('zqxsystem words');
    await runButton(page).click();
    await finished(page, ['m1', 'm2']);
    addresses.push(page.url());
    assert.deepEqual(addresses.filter((address) => address.includes('zqx')), []);
  }],

  ['a run has a name that can be changed, and a list finds it', async (world) => {
    const page = await world.browser.page();
    await runFromForm(world, page, { models: ['m1'], user: 'Name me after these words.' });
    await finished(page, ['m1']);
    await page.getByRole('heading', { name: /^Name me after these words/ }).waitFor();
    await press(page, 'Rename the run');
    await page.getByLabel('Name of the run').fill('Größe, compared');
    await press(page, 'Rename');
    await page.getByRole('heading', { name: 'Größe, compared' }).waitFor();
    await world.browser.open(`${HOME}/runs?q=compared`, page);
    const row = page.getByRole('row', { name: /Größe, compared/ });
    await expect(row).toContainText('m1');
    await expect(row).toContainText('finished');
    await expect(row).toContainText('$');
    await row.getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Größe, compared' }).waitFor();
  }],
];

/** The text of a stream, or of a whole answer. */
function joined(printed) {
  if (!printed.startsWith('data:')) return JSON.parse(printed).choices[0].message.content;
  const frames = printed.split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)));
  return frames.map((frame) => frame.choices[0]?.delta?.content ?? '').join('');
}
