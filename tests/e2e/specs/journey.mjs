// The first hour of an owner, in one story: from the printed code to a run on three models whose cost is right to the
// nano-dollar. Each test goes on where the one before ended.
import assert from 'node:assert/strict';

import { eventually, expect } from '../lib/expect.mjs';
import { costNano, exactDollars } from '../lib/journal.mjs';
import { CHAT, DEMO_MODEL, MODELS, TEAM, addModel, allowPrivate, ask, connectDemo, connectProvider, setUp, toast } from '../lib/steps.mjs';
import { answer, becomes, cell, figure, finished, grows, plain, reload, runFromForm, state } from '../lib/workbench.mjs';

const PROVIDER = 'house';
const COLUMNS = [...MODELS.map((model) => model.name), DEMO_MODEL];

/** The rows of a model, once there are `wanted` of them. */
async function rows(page, model, wanted) {
  const found = page.getByRole('row').filter({ hasText: model });
  await eventually(`${model} has ${wanted} rows`, () => found.count(), (count) => count === wanted);
  return found;
}

export const isStory = true;

export const tests = [
  ['the printed code makes the owner', async (world) => {
    await setUp(world, await world.browser.page());
  }],

  ['a provider at a private address is refused until the address is allowed', async (world) => {
    const page = await world.browser.page();
    await world.browser.allowing(/status of 400/, async () => {
      await connectProvider(world, page, { slug: PROVIDER, baseUrl: world.fakeUrl, key: 'sk-test-0123456789' });
      await eventually('the address is refused', () => page.locator('[aria-invalid="true"]').count(), (count) => count > 0);
    });
    await allowPrivate(world, page, world.fakeAddress);
    await connectProvider(world, page, { slug: PROVIDER, baseUrl: world.fakeUrl, key: 'sk-test-0123456789' });
    await toast(page, `${PROVIDER} connected`);
    await expect(page.locator('main')).toContainText('6789');
    const text = await page.locator('body').innerText();
    assert.ok(!text.includes('sk-test'), 'only the last characters of the key are shown');
  }],

  ['two models with prices are added', async (world) => {
    const page = await world.browser.page();
    for (const model of MODELS) await addModel(world, page, PROVIDER, model);
    for (const model of MODELS) await page.getByRole('row', { name: new RegExp(model.name) }).first().waitFor();
  }],

  ['the demo provider is one button, and its key works', async (world) => {
    const page = await world.browser.page();
    const key = await connectDemo(world, page);
    const reply = await page.request.post('/v1/chat/completions', {
      headers: { authorization: `Bearer ${key}` },
      data: { model: DEMO_MODEL, messages: [{ role: 'user', content: 'Hello' }] },
    });
    assert.equal(reply.status(), 200, await reply.text());
    assert.ok((await reply.json()).choices[0].message.content.length > 0);
  }],

  ['one prompt runs on three models, and a reload in mid-stream loses nothing', async (world) => {
    const page = await world.browser.page();
    world.run = await runFromForm(world, page, { models: COLUMNS, ...CHAT });
    await plain(page);
    const watcher = await world.browser.open(page.url());
    await plain(watcher);
    for (const model of MODELS) await grows(page, model.name, 3);

    await reload(page);
    await plain(page);
    for (const model of MODELS) assert.equal(await state(page, model.name), 'running', 'the reload fell into the stream');
    for (const model of MODELS) await grows(page, model.name, 2);
    await finished(page, COLUMNS);
    await finished(watcher, COLUMNS);

    const messages = [{ role: 'system', content: CHAT.system }, { role: 'user', content: CHAT.user }];
    for (const { name, upstream } of MODELS) {
      const served = await world.expectedText(upstream, messages);
      assert.equal(await answer(page, name), served, `${name} after the reload`);
      assert.equal(await answer(watcher, name), served, `${name} without a reload`);
    }
    assert.equal(await answer(page, DEMO_MODEL), await answer(watcher, DEMO_MODEL));
    assert.ok((await answer(page, DEMO_MODEL)).length > 0);
  }],

  ['each column shows a cost equal to the tokens of the journal times the prices', async (world) => {
    const page = await world.browser.open(`/t/${TEAM.slug}/playground/${world.run}`);
    for (const { name, upstream, price } of MODELS) {
      const [attempt, ...more] = world.journal.attempts().filter((it) => it.model === upstream);
      assert.deepEqual(more, [], `${name} was called once`);
      assert.equal((await figure(page, name, 'Cost')).title, `$${exactDollars(costNano(attempt.usage, price))}`);
      await expect(cell(page, name)).toContainText(`${attempt.usage.prompt} in, ${attempt.usage.completion} out`);
    }
    assert.match((await figure(page, DEMO_MODEL, 'Cost')).title, /^\$0\.\d{9}$/);
  }],

  ['every call is a row of History with a receipt', async (world) => {
    const page = await world.browser.open(`/t/${TEAM.slug}/history`);
    for (const { name, upstream, price } of MODELS) {
      const row = await rows(page, name, 1);
      await row.getByRole('link').first().click();
      await page.getByRole('heading', { name: 'Attempt 1' }).waitFor();
      const [attempt] = world.journal.attempts().filter((it) => it.model === upstream);
      await expect(page.locator('main')).toContainText(exactDollars(costNano(attempt.usage, price)));
      await expect(page.locator('main')).toContainText(attempt.attempt);
      await page.getByRole('link', { name: 'Open the run' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: 'History' }).waitFor();
    }
    // The run's call and the one with the key.
    await rows(page, DEMO_MODEL, 2);
  }],

  ['the ledger has exactly one row for every request that the upstream accepted', async (world) => {
    const page = await world.browser.open(`/t/${TEAM.slug}/history`);
    const { rows } = await ask(page, 'history/list', { query: { team: TEAM.slug, limit: 100 } });
    const booked = rows.map((row) => row.attempt).filter((id) => world.journal.attempts().some((it) => it.attempt === id));
    assert.deepEqual(booked.sort(), world.journal.attempts().map((it) => it.attempt).sort());
  }],

  ['a stopped column keeps its text, and its upstream is let go', async (world) => {
    const page = await world.browser.page();
    const before = world.journal.attempts().length;
    const [slow, other] = MODELS;
    await runFromForm(world, page, { models: [slow.name, other.name], ...CHAT });
    await plain(page);
    await grows(page, slow.name, 3);

    await cell(page, slow.name).getByRole('button', { name: `Stop ${slow.name} (Esc)` }).click();
    await becomes(page, slow.name, 'stopped');
    const attempt = await eventually(
      'the upstream is let go',
      () => world.journal.attempts().slice(before).find((it) => it.model === slow.upstream),
      (it) => it.end !== 'open',
    );
    assert.equal(attempt.end, 'client_gone');
    const text = await answer(page, slow.name);
    await finished(page, [other.name]);
    assert.equal(await state(page, other.name), 'finished', 'the other column goes on');
    await reload(page);
    await plain(page);
    assert.equal(await answer(page, slow.name), text);
    assert.ok(text.length > 0);
  }],
];
