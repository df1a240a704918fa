// Streams in the browser: split anywhere, slow, cut, failing, refused; reloads and restarts in their middle; stopping.
// What is shown is compared byte for byte with what the provider said.
import assert from 'node:assert/strict';

import { eventually, expect } from '../lib/expect.mjs';
import { TEAM, ask } from '../lib/steps.mjs';
import { named } from '../lib/upstream.mjs';
import {
  HOME, answer, arrange, becomes, cell, ended, finished, grows, log, only, openRun, plain, problemOf, reload, start, state, view,
} from '../lib/workbench.mjs';

/** What a stop may take from the press to the provider that sees the connection go (`product.md` PG-9). */
const STOP_MS = 1_000;
const SYSTEM = 'You are terse.';
const USER = 'Größe matters: say 日本語 and 🦀.';

const MODELS = [
  { name: 'steady', upstream: named('steady', { words: 280, pace: 40 }) },
  { name: 'other', upstream: named('other', { words: 320, pace: 40 }) },
  { name: 'split', upstream: named('split', { words: 80, pace: 10, bytes: 1 }) },
  { name: 'drip', upstream: named('drip', { words: 6, bytes: 1, drip: 4 }) },
  { name: 'crlf', upstream: named('crlf', { words: 40, mixed: true, bytes: 3, bom: true, comments: true }) },
  { name: 'slow', upstream: named('slow', { words: 8, first: 2_500, pace: 400 }) },
  { name: 'cut', upstream: named('cut', { words: 80, pace: 15, cut: 40 }) },
  { name: 'reset', upstream: named('reset', { words: 80, pace: 15, reset: 40 }) },
  { name: 'endless', upstream: named('endless', { words: 60, pace: 10, 'no-end': true }) },
  { name: 'error', upstream: named('error', { words: 80, pace: 15, error: 30 }) },
  { name: 'bad-frame', upstream: named('badframe', { words: 60, pace: 10, 'bad-frame': 20 }) },
  { name: 'broken', upstream: named('broken', { 500: true }) },
  { name: 'busy', upstream: named('busy', { 429: 1 }) },
  { name: 'html', upstream: named('html', { html: true }) },
  { name: 'held', upstream: named('held', { words: 60, pace: 5, hang: 20 }) },
  { name: 'quick', upstream: named('quick', { words: 40 }) },
];
const upstream = (name) => MODELS.find((model) => model.name === name).upstream;
const ASKED = { system: SYSTEM, user: USER };
const messages = [{ role: 'system', content: SYSTEM }, { role: 'user', content: USER }];

const said = (world, name) => world.expectedText(upstream(name), messages);

/** Starts a run of these models and opens it, answers as they came. */
async function watch(world, models) {
  const page = await world.browser.open(HOME);
  const run = await start(page, { models, ...ASKED });
  await openRun(world, run, '', page);
  await plain(page);
  return { page, run };
}

/** Everything that a reader can see of an answer is what the provider said. */
async function assertSame(world, page, names) {
  for (const name of names) assert.equal(await answer(page, name), await said(world, name), name);
}

export const tests = [
  ['the team has a provider with every fault', (world) => arrange(world, MODELS)],

  ['pg_9 characters that are split between any two bytes stay whole', async (world) => {
    const names = ['split', 'drip', 'crlf'];
    const { page } = await watch(world, names);
    await grows(page, 'split', 2);
    const part = await answer(page, 'split');
    assert.ok(!part.includes('\ufffd'), part);
    assert.ok((await said(world, 'split')).startsWith(part), 'what is there is a beginning of the answer');
    await finished(page, names);
    await assertSame(world, page, names);
  }],

  ['pg_8 a slow answer says that it waits, and then what it took', async (world) => {
    const { page } = await watch(world, ['slow']);
    await expect(log(page, 'slow')).toContainText('Waiting for the first token');
    await finished(page, ['slow']);
    await assertSame(world, page, ['slow']);
    const first = await cell(page, 'slow').locator('dt', { hasText: 'First token' }).locator('xpath=following-sibling::dd').innerText();
    const seconds = Number(first.replace(' s', ''));
    assert.ok(first.endsWith(' s') && seconds >= 2.4 && seconds < 6, first);
  }],

  ['pg_9 a stream that breaks off keeps its text and says so in words', async (world) => {
    const names = ['cut', 'reset', 'error', 'endless', 'quick'];
    const { page } = await watch(world, names);
    await finished(page, names);
    for (const name of ['cut', 'reset', 'error']) {
      assert.equal(await state(page, name), 'failed', name);
      const text = await answer(page, name);
      assert.ok(text.length > 0 && (await said(world, name)).startsWith(text), `${name} keeps what came`);
      assert.notEqual(text, await said(world, name));
      const problem = await problemOf(page, name);
      assert.match(problem, /^[A-Z].{15,}\.?$/s, `${name} says why: ${problem}`);
      assert.ok(!/chatcmpl|\{"|\bError:|\bRST\b/.test(problem), problem);
    }
    await assertSame(world, page, ['quick']);
    assert.equal(await state(page, 'quick'), 'finished', 'the other columns go on');
    await reload(page);
    await plain(page);
    for (const name of names) assert.ok((await answer(page, name)).length > 0, `${name} after the reload`);
  }],

  ['gw_29 one bad frame ends no answer', async (world) => {
    const { page } = await watch(world, ['bad-frame']);
    await finished(page, ['bad-frame']);
    assert.equal(await state(page, 'bad-frame'), 'finished');
    await assertSame(world, page, ['bad-frame']);
  }],

  ['pg_8 a provider that refuses, fails or talks HTML is said in words, without its secrets', async (world) => {
    const names = ['broken', 'busy', 'html', 'quick'];
    const { page } = await watch(world, names);
    await finished(page, names);
    for (const name of ['broken', 'busy', 'html']) {
      assert.equal(await state(page, name), 'failed', name);
      const text = await cell(page, name).innerText();
      assert.ok(!/<!DOCTYPE|sk-test|upstream-secret/i.test(text), text);
      await cell(page, name).getByRole('link', { name: 'Receipt' }).waitFor();
    }
    await page.getByRole('button', { name: 'Run 3 failed cells again' }).waitFor();
  }],

  ['pg_9 a provider that nobody answers at is said in words, and works when it is back', async (world) => {
    await world.refuseConnections();
    try {
      const { page } = await watch(world, ['quick']);
      await finished(page, ['quick']);
      assert.equal(await state(page, 'quick'), 'failed');
      assert.match(await problemOf(page, 'quick'), /connect|reach/i);
      await world.acceptConnections();
      await page.getByRole('button', { name: 'Run 1 failed cell again' }).click();
      await becomes(page, 'quick', 'finished');
      await assertSame(world, page, ['quick']);
    } finally {
      await back(world);
    }
  }],

  ['pg_9 a provider that dies in mid-stream leaves the text that came', async (world) => {
    const { page } = await watch(world, ['steady']);
    const before = await grows(page, 'steady', 3);
    await world.refuseConnections();
    try {
      await becomes(page, 'steady', 'failed');
      const text = await answer(page, 'steady');
      await back(world);
      assert.ok(text.startsWith(before.trimEnd()) && (await said(world, 'steady')).startsWith(text));
    } finally {
      await back(world);
    }
  }],

  ['pg_9 reloads in mid-run, a second tab and a third one lose no character', async (world) => {
    const names = ['steady', 'other'];
    const { page, run } = await watch(world, names);
    const watcher = await openRun(world, run);
    await plain(watcher);
    for (let turn = 0; turn < 3; turn += 1) {
      for (const name of names) await grows(page, name, 1);
      await reload(page);
      await plain(page);
      for (const name of names) {
        const text = await answer(page, name);
        assert.ok((await said(world, name)).startsWith(text), `${name} after reload ${turn + 1}`);
      }
    }
    for (const name of names) assert.equal(await state(page, name), 'running', 'the reloads fell into the stream');
    const late = await openRun(world, run);
    await plain(late);
    for (const tab of [page, watcher, late]) {
      await finished(tab, names);
      await assertSame(world, tab, names);
    }
    // What is stored is the same again, and each was asked once.
    for (const it of (await view(page, run)).cells) assert.equal(it.samples[0].text, await said(world, names[it.place.variant]));
  }],

  ['pg_9 a tab that sleeps catches up', async (world) => {
    const { page } = await watch(world, ['steady']);
    await grows(page, 'steady', 1);
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await world.browser.allowing(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK|Failed to load/, async () => {
      await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
      await finished(page, ['steady']);
      await assertSame(world, page, ['steady']);
    });
  }],

  ['pg_9 a server that is stopped in mid-run and started again ends the run, and the open page follows', async (world) => {
    const { page, run } = await watch(world, ['steady', 'other', 'quick']);
    for (const name of ['steady', 'other']) await grows(page, name, 2);
    await world.browser.allowing(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 50/, async () => {
      await world.stopServer('SIGKILL');
      await world.startServer();
      await finished(page, ['steady', 'other', 'quick']);
    });
    const stored = await ended(page, run);
    for (const it of stored.cells) {
      const name = ['steady', 'other', 'quick'][it.place.variant];
      const text = await said(world, name);
      const [sample] = it.samples;
      // A call whose server died may have been charged: it is not repeated by itself, and keeps what came.
      if (sample.state === 'done') assert.equal(sample.text, text, name);
      else assert.ok(text.startsWith(sample.text) && sample.error.length > 0, `${name}: ${JSON.stringify(sample)}`);
      assert.equal(await answer(page, name), sample.text, `${name} on the open page`);
      only(world, upstream(name), world.journal.attempts().length - 3);
    }
    assert.equal(stored.cells.find((it) => it.place.variant === 2).samples[0].state, 'done');
  }],

  ['pg_9 a server that is asked to stop lets the run go on after its start', async (world) => {
    const { page, run } = await watch(world, ['quick', 'steady']);
    await grows(page, 'steady', 1);
    await world.browser.allowing(/ERR_|status of 50/, async () => {
      await world.stopServer('SIGTERM');
      await world.startServer();
      await finished(page, ['quick', 'steady']);
    });
    const stored = await ended(page, run);
    const [, steady] = stored.cells;
    assert.ok((await said(world, 'steady')).startsWith(steady.samples[0].text));
  }],

  ['pg_9 stop reaches the provider within a second', async (world) => {
    const { page } = await watch(world, ['steady', 'other']);
    for (const name of ['steady', 'other']) await grows(page, name, 2);
    const before = world.journal.attempts().length - 2;
    const pressed = Date.now();
    await cell(page, 'steady').getByRole('button', { name: /^Stop steady/ }).click();
    const seen = await eventually('the provider is let go', () => only(world, upstream('steady'), before), (it) => it.end !== 'open');
    assert.equal(seen.end, 'client_gone');
    assert.ok(seen.endedAt - pressed <= STOP_MS, `it took ${seen.endedAt - pressed} ms`);
    console.log(`     stop reached the provider after ${seen.endedAt - pressed} ms`);
    await becomes(page, 'steady', 'stopped');
    assert.equal(only(world, upstream('other'), before).end, 'open', 'the other one goes on');

    const text = await answer(page, 'steady');
    assert.ok(text.length > 0 && (await said(world, 'steady')).startsWith(text), 'a stopped cell keeps its text');
    await expect(cell(page, 'steady')).toContainText(' out');
    const all = Date.now();
    await page.getByRole('button', { name: /^Stop all/ }).click();
    const other = await eventually('the other one is let go', () => only(world, upstream('other'), before), (it) => it.end !== 'open');
    assert.ok(other.endedAt - all <= STOP_MS, `it took ${other.endedAt - all} ms`);
    await becomes(page, 'other', 'stopped');
  }],

  ['pg_9 closing the page stops nothing', async (world) => {
    const { page, run } = await watch(world, ['steady']);
    await grows(page, 'steady', 1);
    await page.close();
    const back = await world.browser.open(HOME);
    const stored = await ended(back, run);
    assert.equal(stored.cells[0].samples[0].text, await said(world, 'steady'));
  }],

  ['pg_9 a stream that the provider holds can be stopped, and goes on when it is released', async (world) => {
    await world.upstream.hold();
    const { page } = await watch(world, ['held']);
    await grows(page, 'held', 1);
    await world.upstream.release();
    await finished(page, ['held']);
    await assertSame(world, page, ['held']);
  }],

  ['the ledger equals the sum of the cells', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['quick', 'split', 'cut'], ...ASKED });
    const stored = await ended(page, run);
    const sum = stored.cells.reduce((nano, it) => nano + BigInt(it.samples[0].metrics.cost ?? 0), 0n);
    assert.equal(BigInt(stored.cost), sum);
    const history = await ask(page, 'history/list', { query: { team: TEAM.slug, limit: 100 } });
    const rows = history.rows.filter((row) => row.run === run);
    assert.equal(rows.length, 3);
    assert.equal(rows.reduce((nano, row) => nano + BigInt(row.cost ?? 0), 0n), sum);
  }],
];

/** The provider is there again, whatever happened. */
async function back(world) {
  if (world.fake.child.exitCode !== null || world.fake.child.signalCode !== null) await world.acceptConnections();
}
