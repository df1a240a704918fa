// The life of a key without a pointer: made, copied once, used, rotated with overlap, revoked by typing its name.
import assert from 'node:assert/strict';

import { expect, eventually } from '../lib/expect.mjs';
import { Keyboard } from '../lib/keyboard.mjs';
import { look } from '../lib/look.mjs';
import { DEMO_MODEL, TEAM, ask, connectDemo, setUp } from '../lib/steps.mjs';

const keys = `/t/${TEAM.slug}/keys`;

/** What a client hears with this key: whether it may list models. */
async function status(page, key) {
  return (await page.request.get('/v1/models', { headers: { authorization: `Bearer ${key}` } })).status();
}

const becomes = (page, key, wanted) => eventually(`the key is answered ${wanted}`, () => status(page, key), (it) => it === wanted);

/** The secret in the dialog that shows it once, copied by keyboard; the dialog is closed by its own button. */
async function copied(world, page, keyboard, title) {
  const dialog = await keyboard.dialog(title);
  await look(world, page, `reveal-${title}`);
  // Esc would lose what is shown once.
  await page.keyboard.press('Escape');
  assert.ok(await dialog.isVisible(), 'Escape does not close what is shown once');
  await keyboard.press('Copy key');
  const text = await eventually('the key is in the clipboard', () => page.evaluate(() => navigator.clipboard.readText()), (it) => it.startsWith('tg_'));
  assert.equal(text, await dialog.locator('#revealed-key').innerText());
  for (const language of ['curl', 'Python', 'TypeScript', 'Rust']) {
    await keyboard.to(language, 'button');
    await page.keyboard.press('Enter');
    await expect(dialog).toContainText(world.url);
    assert.ok((await dialog.innerText()).includes(text), `${language} uses the key`);
  }
  await keyboard.press('I stored it');
  await dialog.waitFor({ state: 'hidden' });
  return text;
}

async function open(world) {
  await world.browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await world.browser.open(keys);
  return [page, new Keyboard(page)];
}

export const isStory = true;

export const tests = [
  ['the owner arrives and has a model to call', async (world) => {
    const page = await world.browser.page();
    await setUp(world, page);
    await connectDemo(world, page);
  }],

  ['by keyboard: a key is made and shown once', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.press('New key');
    const dialog = await keyboard.dialog('New key');
    await look(world, page, 'new-key');
    await keyboard.escape(dialog, 'New key');
    await keyboard.press('New key');
    await keyboard.dialog('New key');
    await keyboard.type('Name', 'nightly ci');
    await keyboard.choose('Kind', 'Service');
    await keyboard.press('Create key');
    world.key = await copied(world, page, keyboard, 'Key nightly ci');
    await page.getByRole('row', { name: /nightly ci/ }).waitFor();
    assert.ok(!(await page.content()).includes(world.key), 'it is shown once');
    await becomes(page, world.key, 200);
    const reply = await page.request.post('/v1/chat/completions', {
      headers: { authorization: `Bearer ${world.key}` },
      data: { model: DEMO_MODEL, messages: [{ role: 'user', content: 'Hello' }] },
    });
    assert.equal(reply.status(), 200, await reply.text());
  }],

  ['what is wrong with a key is said at its field, and what was typed stays', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.press('New key');
    const dialog = await keyboard.dialog('New key');
    await keyboard.press('Create key');
    await eventually('the name is marked as wrong', () => dialog.locator('[aria-invalid="true"]').count(), (count) => count === 1);
    await eventually('the focus is on it', async () => (await keyboard.focused()).name, (name) => name.startsWith('Name'));
    await look(world, page, 'new-key-refused');
    await world.browser.allowing(/status of 409/, async () => {
      await keyboard.type('Name', 'nightly ci');
      await keyboard.press('Create key');
      await eventually('the name is taken', () => dialog.innerText(), (text) => /taken|already/.test(text));
      assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'nightly ci');
    });
    await keyboard.escape(dialog, 'New key');
  }],

  ['by keyboard: a key is rotated, and both secrets work in the overlap', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.press('Actions for nightly ci');
    await world.browser.assertAccessible(page, 'the menu of a key');
    await keyboard.press('Rotate');
    await keyboard.dialog('Rotate nightly ci');
    await look(world, page, 'rotate-key');
    await keyboard.type('Hours in which the old secret still works', '1');
    await keyboard.press('Rotate key');
    world.rotated = await copied(world, page, keyboard, 'Key nightly ci');
    assert.notEqual(world.rotated, world.key);
    await becomes(page, world.rotated, 200);
    assert.equal(await status(page, world.key), 200, 'the old secret still works');
    await expect(page.getByRole('row', { name: /nightly ci/ })).toContainText('old secret until');
  }],

  ['by keyboard: the page of a key, and a change of its rules', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.follow('nightly ci');
    await page.waitForURL(/\/keys\/[0-9a-f-]{36}$/);
    await expect(page.locator('main')).toContainText('Last requests');
    await look(world, page, 'key');
    await keyboard.press('Edit');
    await keyboard.dialog('Edit nightly ci');
    await keyboard.choose('Models', 'Only these');
    await keyboard.tick(/^demo-swift/);
    await look(world, page, 'edit-key');
    await keyboard.press('Save key');
    await page.getByRole('status').getByText('Key saved').first().waitFor();
    const names = async () => {
      const list = await (await page.request.get('/v1/models', { headers: { authorization: `Bearer ${world.rotated}` } })).json();
      return list.data.map((model) => model.id);
    };
    await eventually('the key is narrower', names, (list) => list.length === 1 && list[0] === 'demo-swift');
  }],

  ['two people who change one key: the second is told', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.follow('nightly ci');
    await page.waitForURL(/\/keys\/[0-9a-f-]{36}$/);
    await keyboard.press('Edit');
    const dialog = await keyboard.dialog('Edit nightly ci');
    const [before] = (await ask(page, 'keys/list', { team: TEAM.slug })).filter((key) => key.name === 'nightly ci');
    const change = { team: TEAM.slug, key: before.id, revision: before.revision, name: 'weekly ci', rules: before.rules };
    await ask(page, 'keys/update', { input: change });
    await world.browser.allowing(/status of 409/, async () => {
      await keyboard.type('Name', 'monthly ci');
      await keyboard.press('Save key');
      await expect(dialog).toContainText('Somebody else changed this');
      await expect(dialog).toContainText('Now "weekly ci"');
      await look(world, page, 'edit-key-stale');
    });
    await page.keyboard.press('Escape');
  }],

  ['by keyboard: a key is revoked by typing its name, within a second', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.press('Actions for weekly ci');
    await keyboard.press('Revoke');
    const dialog = await keyboard.dialog('Revoke weekly ci');
    await look(world, page, 'revoke-key');
    await keyboard.type(/^Type weekly ci/, 'weekly');
    await keyboard.press('Revoke key');
    await eventually('a part of the name is not enough', () => dialog.locator('[aria-invalid="true"]').count(), (count) => count === 1);
    assert.equal(await status(page, world.rotated), 200);
    await keyboard.type(/^Type weekly ci/, 'weekly ci');
    const start = performance.now();
    await keyboard.press('Revoke key');
    await becomes(page, world.rotated, 401);
    const took = Math.round(performance.now() - start);
    assert.ok(took < 5_000, `it took ${took} ms`);
    assert.equal(await status(page, world.key), 401, 'the old secret ends with it');
    await expect(page.getByRole('row', { name: /weekly ci/ })).toContainText('revoked');
  }],
];
