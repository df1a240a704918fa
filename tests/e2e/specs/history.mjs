// History (`product.md` 11): filters that combine and stand in the address, search, a drawer whose neighbours are those of the
// list, replay, comparison, export and the live tail.
import assert from 'node:assert/strict';

import { eventually, expect } from '../lib/expect.mjs';
import { costNano } from '../lib/journal.mjs';
import { Keyboard } from '../lib/keyboard.mjs';
import { look } from '../lib/look.mjs';
import { TEAM, ask, press } from '../lib/steps.mjs';
import { named } from '../lib/upstream.mjs';
import { HOME, PRICE, arrange, cell, ended, finished, newKey, openRun, runButton, runOf, start } from '../lib/workbench.mjs';

const MODELS = [
  { name: 'steady', upstream: named('steady', { words: 25 }) },
  { name: 'other', upstream: named('other', { words: 60 }) },
  { name: 'failing', upstream: named('failing', { 500: true }) },
  { name: 'cut', upstream: named('cut', { words: 60, cut: 20 }) },
  { name: 'free', upstream: named('free', { words: 10 }), price: { input: '', output: '' } },
  { name: 'slow', upstream: named('slow', { words: 10, first: 1_500 }) },
];
const HISTORY = `${HOME}/history`;

/** Calls of a program: model, task, tag, words. */
const CALLS = [
  ...Array.from({ length: 8 }, (_, at) => ['steady', at % 2 ? 'review' : 'tests', 'repo=alpha', `Parsing größe number ${at}.`]),
  ...Array.from({ length: 6 }, (_, at) => ['other', at % 3 ? 'review' : '', 'repo=beta', `Sorting number ${at}.`]),
  ['failing', 'review', 'repo=beta', 'This one fails.'],
  ['cut', '', '', 'This one is cut.'],
  ['free', 'tests', '', 'This one has no price.'],
  ['slow', '', '', 'A zebra walks slowly.'],
];

async function call(world, secret, [model, task, tag, words], stream = true) {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-tallygate-fallback': 'off' };
  if (task) headers['x-tallygate-task'] = task;
  if (tag) headers['x-tallygate-tags'] = tag;
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: words }] });
  const reply = await fetch(`${world.url}/v1/chat/completions`, { method: 'POST', headers, body });
  await reply.text().catch(() => undefined);
  return reply.headers.get('x-request-id');
}

/** `$0.000123456` in nano-dollars. */
function nano(text) {
  const [whole, fraction = ''] = text.replace('$', '').replaceAll(',', '').split('.');
  return BigInt(whole + fraction.padEnd(9, '0'));
}

const list = (page, filters = [], more = {}) => ask(page, 'history/list', { query: { team: TEAM.slug, filters, limit: 100, ...more } });

/** The models of the rows on the page, in their order. */
const shown = (page) => page.getByRole('table', { name: 'Requests' }).getByRole('row').evaluateAll((rows) => rows.slice(1).map((row) => row.cells[1].innerText.trim()));

const becomes = (page, models) => eventually(`the list shows ${models}`, async () => [...new Set(await shown(page))].sort(), (found) => found.join() === [...models].sort().join());

const box = (page, label) => page.getByRole('checkbox', { name: new RegExp(`^${label}\\s*\\d*$`) });

export const tests = [
  ['a program makes calls of every kind', async (world) => {
    const page = await arrange(world, MODELS);
    world.secret = await newKey(world, page, 'editor', ['inference']);
    for (const [at, one] of CALLS.entries()) await call(world, world.secret, one, at % 2 === 0);
    await eventually('all are settled', () => list(page), ({ rows }) => rows.length === CALLS.length && rows.every((row) => row.state !== 'reserved'));
  }],

  ['hi_1 a row says when, who, what, how it ended, what it took and what it cost', async (world) => {
    const page = await world.browser.open(HISTORY);
    const row = page.getByRole('row').filter({ hasText: 'other' }).first();
    for (const words of ['other', 'house', 'editor', '$']) await expect(row).toContainText(words);
    const times = await page.locator('time').evaluateAll((all) => all.map((it) => it.dateTime));
    assert.ok(times.length >= CALLS.length && times.every((it) => /Z$|[+-]\d\d:\d\d$/.test(it)), times[0]);
    assert.equal((await shown(page)).length, CALLS.length);
    await look(world, page, 'history-full');
  }],

  ['hi_2 filters have counts, are any-of inside a field and all-of between fields, and stand in the address', async (world) => {
    const page = await world.browser.open(HISTORY);
    const { facets } = await ask(page, 'history/facets', { query: { team: TEAM.slug } });
    const models = facets.find((facet) => facet.field === 'model').values;
    assert.deepEqual(models.slice(0, 2).map(({ value, count }) => [value, count]), [['steady', 8], ['other', 6]]);
    await expect(page.locator('main')).toContainText('8');
    await box(page, 'steady').check();
    await becomes(page, ['steady']);
    await box(page, 'other').check();
    await becomes(page, ['steady', 'other']);
    await page.locator('summary', { hasText: 'Task' }).click();
    const review = facets.find((facet) => facet.field === 'task').values.find(({ value }) => value === 'review');
    await box(page, review.label).check();
    await eventually('both fields hold', () => shown(page), (found) => found.length === 8 && found.includes('steady') && found.includes('other'));
    const address = new URL(page.url());
    assert.deepEqual(address.searchParams.getAll('f').sort(), ['model:in:steady,other', 'task:in:review']);
    const chips = page.getByRole('group', { name: 'Filters in force' });
    await expect(chips).toContainText('Model: steady, other');

    const copy = await world.browser.open(address.pathname + address.search);
    await becomes(copy, ['steady', 'other']);
    await copy.close();
    await page.goBack();
    await eventually('Back takes the last one away', () => shown(page), (found) => found.length === 14);
    await page.goForward();
    await eventually('and forward brings it back', () => shown(page), (found) => found.length === 8);
    await chips.getByRole('link', { name: /^Remove filter Model/ }).click();
    await becomes(page, ['steady', 'other', 'failing']);
    await chips.getByRole('link', { name: 'Clear all' }).click();
    await eventually('all are back', () => shown(page), (found) => found.length === CALLS.length);
  }],

  ['hi_2 every kind of filter finds what a recount finds', async (world) => {
    const page = await world.browser.open(HOME);
    const { rows } = await list(page);
    const counts = async (filter) => (await list(page, [filter])).rows.length;
    const recount = (is) => rows.filter(is).length;
    const largest = Math.max(...rows.map((row) => Number(row.cost ?? 0)));
    for (const [filter, is] of [
      ['model:in:steady', (row) => row.model === 'steady'],
      ['model:not:steady', (row) => row.model !== 'steady'],
      ['status:in:success', (row) => row.outcome === 'success'],
      ['task:in:tests', (row) => row.task === 'tests'],
      ['task:in:none', (row) => row.task === null],
      ['tag:in:repo=beta', (row) => row.tags.some(([key, value]) => key === 'repo' && value === 'beta')],
      ['origin:in:api', (row) => row.origin === 'api'],
      ['provider:in:house', () => true],
      ['flag:in:unpriced', (row) => row.unpriced],
      ['verdict:in:none', (row) => row.verdict === null],
      [`cost:gte:${largest}`, (row) => Number(row.cost ?? 0) >= largest],
      ['latency:gte:1500', (row) => row.total_ms >= 1_500],
    ]) assert.equal(await counts(filter), recount(is), filter);
  }],

  ['hi_2 what cannot be read in an address is ignored, and a notice says so', async (world) => {
    const page = await world.browser.open(`${HISTORY}?f=colour:in:red&f=model:in:steady&from=yesterdayish`);
    await becomes(page, ['steady']);
    await expect(page.locator('main')).toContainText('colour');
    await world.browser.open(`${HISTORY}?from=now-3000d`, page);
    await expect(page.locator('main')).toContainText('lder content is gone, numbers remain');
  }],

  ['hi_3 words that were said are found, whole answers and streams alike, and ids as well', async (world) => {
    const page = await world.browser.open(HISTORY);
    const search = page.getByLabel('Words in what was said, or an id');
    for (const [words, models] of [['zebra', ['slow']], ['parsing größe', ['steady']], ['sorting number', ['other']], ['zebra parsing', []]]) {
      await search.fill(words);
      await eventually(`${words} finds ${models}`, async () => [...new Set(await shown(page).catch(() => []))], (found) => found.join() === models.join());
    }
    assert.equal(new URL(page.url()).searchParams.get('q'), 'zebra parsing');
    const { rows } = await list(page, ['model:in:free']);
    await search.fill(`req_${rows[0].request.replaceAll('-', '')}`);
    await becomes(page, ['free']);
    await search.fill('zebra');
    await becomes(page, ['slow']);
    await box(page, 'slow').waitFor();
  }],

  ['hi_4 the drawer has its own address, and walking it is walking the filtered list', async (world) => {
    const page = await world.browser.open(`${HISTORY}?f=model:in:steady&f=task:in:review`);
    const { rows } = await list(page, ['model:in:steady', 'task:in:review']);
    assert.equal(rows.length, 4);
    await page.getByRole('table', { name: 'Requests' }).getByRole('row').nth(1).getByRole('link').first().click();
    const drawer = page.getByRole('complementary', { name: 'Request' });
    await drawer.getByRole('heading', { name: 'Attempt 1' }).waitFor();
    const at = () => new URL(page.url()).pathname.split('/').pop();
    const walked = [at()];
    for (let step = 1; step < rows.length; step += 1) {
      const before = at();
      await drawer.getByRole('link', { name: 'Older request (])' }).click();
      await eventually('the next one', at, (id) => id !== before);
      walked.push(at());
    }
    assert.deepEqual(walked, rows.map((row) => row.request));
    assert.equal(await drawer.getByRole('link', { name: 'Older request (])' }).count(), 0, 'the last one has no older neighbour');
    assert.ok(new URL(page.url()).search.includes('model'), 'the filters stay in the address');
    await drawer.getByRole('link', { name: 'Newer request ([)' }).waitFor();
    await page.keyboard.press('[');
    await eventually('back one', at, (id) => id === rows[2].request);
    await page.keyboard.press('Escape');
    await eventually('the drawer is closed', () => page.url(), (url) => new URL(url).pathname === HISTORY);
    await page.goBack();
    await drawer.waitFor();
    const direct = await world.browser.open(`${HISTORY}/${rows[1].request}?f=model:in:steady`);
    await direct.getByRole('heading', { name: 'Attempt 1' }).waitFor();
    for (const words of ['Admitted', 'First byte', 'Settled']) await expect(direct.getByRole('complementary', { name: 'Request' })).toContainText(words);
    await look(world, direct, 'request-drawer');
  }],

  ['hi_5 what was said is fetched when somebody opens it, and a lock says why it is not there', async (world) => {
    const page = await world.browser.page();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const { rows } = await list(await world.browser.open(HISTORY, page), ['model:in:slow']);
    await world.browser.open(`${HISTORY}/${rows[0].request}`, page);
    assert.ok(!asked.includes('/ui/history/content'), 'nobody asked for it yet');
    const drawer = page.getByRole('complementary', { name: 'Request' });
    await drawer.locator('summary').first().click();
    await expect(drawer).toContainText('A zebra walks slowly.');
    assert.ok(asked.includes('/ui/history/content'));
    const run = await start(page, { models: ['steady'], user: 'In a run.' });
    const { request } = (await ended(page, run)).cells[0].samples[0].metrics;
    const locked = await ask(page, 'history/content', { team: TEAM.slug, request });
    assert.equal(locked.lock, 'in_run');
  }],

  ['hi_6 a receipt tells the decision, the tokens, the price and the arithmetic, and the JSON says the same to the nano-dollar', async (world) => {
    const before = world.journal.attempts().length;
    const id = await call(world, world.secret, ['steady', '', '', 'A bill, please.']);
    const [served] = world.journal.attempts().slice(before);
    const page = await world.browser.open(HISTORY);
    const { rows } = await eventually('it is settled', () => list(page, ['model:in:steady']), (it) => it.rows[0].attempt === served.attempt && it.rows[0].state !== 'reserved');
    await world.browser.open(`${HISTORY}/${rows[0].request}`, page);
    const bill = page.getByRole('table', { name: 'Cost by token class' });
    const amounts = await bill.getByRole('row').evaluateAll((all) => all.slice(1).map((row) => [...row.cells].map((it) => it.innerText.trim())));
    const cost = costNano(served.usage, { input: PRICE.input, cacheRead: PRICE.cache_read, output: PRICE.output });
    const { prompt, cached, completion } = served.usage;
    const tokensAt = (rate) => amounts.filter((row) => Number(row[2]) === rate).reduce((sum, row) => sum + Number(row[1]), 0);
    assert.deepEqual([2.5, 0.25, 10].map(tokensAt), [prompt - cached, cached, completion]);

    const answer = await page.request.get(`/api/v1/requests/${id}`, { headers: { authorization: `Bearer ${world.secret}` } });
    const receipt = await answer.json();
    const [attempt] = receipt.attempts;
    assert.deepEqual([receipt.model, receipt.attempts.length, attempt.outcome, attempt.usage_source], ['steady', 1, 'success', 'provider_final']);
    assert.deepEqual([attempt.usage.input, attempt.usage.cache_read, attempt.usage.output + attempt.usage.reasoning], [prompt - cached, cached, completion]);
    assert.deepEqual(attempt.price.usd_per_million.map((it) => [it.class, Number(it.usd)]).sort(), [['cache_read', 0.25], ['input', 2.5], ['output', 10]]);
    for (const text of [attempt.cost_usd, attempt.charged_usd, receipt.cost_usd]) assert.equal(nano(text), cost);
    assert.ok(nano(attempt.reserved.usd) >= cost, 'more was held back than it cost');

    const ledger = page.locator('.ledger-lines');
    const line = (term) => ledger.locator('div').filter({ has: page.getByText(term, { exact: true }) }).locator('dd').first().getAttribute('title');
    assert.equal(nano(await line('Charged')), cost);
    assert.equal(nano(await line('Reserved before sending')), nano(attempt.reserved.usd));
    assert.equal(nano(await line('Given back')), nano(attempt.reserved.usd) - cost);
    for (const words of [receipt.route.why, `/api/v1/requests/${id}`]) await expect(page.locator('main')).toContainText(words);
  }],

  ['hi_7 pg_12 a request is replayed in the playground as a column, with its words and its parameters', async (world) => {
    const page = await world.browser.open(HISTORY);
    const { rows } = await list(page, ['model:in:slow']);
    await world.browser.open(`${HISTORY}/${rows[0].request}`, page);
    await press(page, 'Replay in playground');
    await page.waitForURL(/\/playground$/);
    await expect(page.getByLabel('User prompt', { exact: true })).toHaveValue('A zebra walks slowly.');
    await expect(page.locator('main')).toContainText('slow');
    const before = world.journal.attempts().length;
    await runButton(page).click();
    await ended(page, await runOf(page));
    const [again] = world.journal.attempts().slice(before);
    assert.equal(again.summary.messages[0].text, 'A zebra walks slowly.');
  }],

  ['hi_7 two to four requests are compared side by side, and a fifth cannot be chosen', async (world) => {
    const page = await world.browser.open(`${HISTORY}?f=model:in:steady`);
    const boxes = page.getByRole('checkbox', { name: /^Compare the request of/ });
    for (let at = 0; at < 4; at += 1) await boxes.nth(at).check();
    assert.ok(await boxes.nth(4).isDisabled());
    await boxes.nth(3).uncheck();
    await page.getByRole('link', { name: 'Compare 3' }).click();
    const side = page.getByRole('region', { name: 'Requests side by side' });
    await eventually('three columns', () => side.getByRole('heading').count(), (count) => count === 3);
    await page.getByRole('group', { name: 'Show' }).getByRole('button', { name: 'Words' }).click();
    await eventually('the answers differ', () => side.locator('ins').count(), (count) => count > 0);
    assert.equal(new URL(page.url()).searchParams.get('diff'), 'words');
    await look(world, page, 'requests-compared');
    await world.browser.allowing(/status of 400/, async () => {
      await assert.rejects(ask(page, 'history/compare', { team: TEAM.slug, requests: ['019f0000-0000-7000-8000-000000000001'], mode: 'words' }));
    });
  }],

  ['hi_8 CSV and JSON lines hold the filtered rows, exact amounts and harmless cells', async (world) => {
    await call(world, world.secret, ['steady', '', 'repo==cmd|calc', 'A formula for a tag.'], false);
    const page = await world.browser.open(`${HISTORY}?f=model:in:steady`);
    const { rows } = await eventually('it is there', () => list(page, ['model:in:steady']), (it) => it.rows.every((row) => row.state !== 'reserved') && it.rows.length >= 9);
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
    assert.match(href, /history\.csv\?f=model/);
    const csv = await (await page.request.get(href)).text();
    const lines = csv.trim().split(/\r?\n/);
    assert.equal(lines.length, rows.length + 1);
    for (const row of rows) assert.ok(csv.includes(row.request.replaceAll('-', '')) || csv.includes(row.request), row.request);
    assert.ok(!lines.some((line) => line.split(',').some((value) => /^"?[=+\-@\t]/.test(value) && !/^"?-?\d/.test(value))), 'no cell begins a formula');
    const jsonl = await (await page.request.get(await page.getByRole('link', { name: 'JSON lines' }).getAttribute('href'))).text();
    const parsed = jsonl.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(parsed.length, rows.length);
    assert.ok(parsed.every((row) => /[+-]\d\d:\d\d|Z/.test(JSON.stringify(row))), 'times with offset');
  }],

  ['hi_9 new requests wait behind a button, also when filters hide some of them', async (world) => {
    const page = await world.browser.open(`${HISTORY}?f=model:in:other`);
    await eventually('the tail is live', () => page.locator('main').innerText(), (text) => /\blive\b/.test(text));
    const before = (await shown(page)).length;
    await call(world, world.secret, ['other', 'review', '', 'One more.']);
    await call(world, world.secret, ['steady', 'review', '', 'Not this one.']);
    await call(world, world.secret, ['other', 'review', '', 'And one more.']);
    const button = page.getByRole('button', { name: '2 new' });
    await button.waitFor();
    assert.equal((await shown(page)).length, before, 'nothing moves by itself');
    await button.click();
    await eventually('they are there', () => shown(page), (found) => found.length === before + 2);
  }],

  ['hi_9 runs have a list of their own, running ones first, with state, cost and starter', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['steady', 'failing'], user: 'Find me among the runs.' });
    await ended(page, run);
    await world.browser.open(`${HOME}/runs`, page);
    const row = page.getByRole('row').filter({ hasText: 'Find me among the runs' });
    for (const words of ['steady', 'failing', '$', 'Ada Lovelace', '1 failed']) await expect(row).toContainText(words);
    await row.getByRole('link').first().click();
    await page.waitForURL(`**/playground/${run}`);
    await finished(page, ['steady', 'failing']);
    await openRun(world, run, '', page);
    await cell(page, 'steady').waitFor();
  }],

  ['hi_10 what is unpriced or uncertain has a filter of its own, and a count among the things to do', async (world) => {
    const page = await world.browser.open(HOME);
    await expect(page.locator('main')).toContainText('unpriced');
    await world.browser.open(`${HISTORY}?f=flag:in:unpriced`, page);
    await becomes(page, ['free']);
    await expect(page.getByRole('row').filter({ hasText: 'free' }).first()).toContainText('unpriced');
  }],

  ['the kind of work is said afterwards, and is a filter at once', async (world) => {
    const page = await world.browser.open(HISTORY);
    const { rows } = await list(page, ['model:in:slow', 'task:in:none']);
    await world.browser.open(`${HISTORY}/${rows[0].request}`, page);
    await page.getByLabel('Kind of work').selectOption({ label: 'Bug fix' });
    await page.getByRole('status').getByText('Kind of work noted').first().waitFor();
    await world.browser.open(`${HISTORY}?f=task:in:bug_fix`, page);
    await becomes(page, ['slow']);
  }],

  ['a view is saved, shared, found again and taken away', async (world) => {
    const page = await world.browser.open(`${HISTORY}?f=model:in:failing`);
    await press(page, 'Views');
    await page.getByLabel('Save this view as').fill('Failures');
    await page.getByLabel('Share with the team').check();
    await press(page, 'Save view');
    await page.getByRole('link', { name: /^Failures/ }).waitFor();
    await world.browser.open(HISTORY, page);
    await press(page, 'Views');
    await page.getByRole('link', { name: /^Failures/ }).click();
    await becomes(page, ['failing']);
    await press(page, 'Views');
    await page.getByRole('button', { name: 'Remove the view Failures' }).click();
    await page.getByText('No view is saved yet.').waitFor();
  }],

  ['the list is worked by keyboard alone', async (world) => {
    const page = await world.browser.open(`${HISTORY}?f=model:in:steady`);
    const keys = new Keyboard(page);
    const { rows } = await list(page, ['model:in:steady']);
    await page.keyboard.press('/');
    await eventually('the search has the focus', async () => (await keys.focused()).name, (name) => name === 'Words in what was said, or an id');
    await page.keyboard.press('Tab');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByRole('link', { name: 'Compare 2' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/history/${rows[2].request}**`);
    await eventually('the drawer has the focus', async () => (await keys.focused()).name, (name) => name === 'Request');
  }],

  ['filters and reading work without JavaScript', async (world) => {
    const page = await world.browser.open(HOME);
    const { rows } = await list(page, ['model:in:free']);
    const cookies = await world.browser.context.cookies();
    const context = await world.browser.newContext({ javaScriptEnabled: false });
    await context.addCookies(cookies);
    const plain = await context.newPage();
    await plain.goto(`${HISTORY}?f=model:in:free`);
    assert.deepEqual(await shown(plain), ['free']);
    await plain.getByRole('table', { name: 'Requests' }).getByRole('link').first().click();
    await plain.waitForURL(`**/history/${rows[0].request}**`);
    await plain.getByRole('heading', { name: 'Attempt 1' }).waitFor();
    await context.close();
  }],
];
