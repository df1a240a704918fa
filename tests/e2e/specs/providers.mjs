// Connecting a provider, from the tile of a vendor to the text of a call that it answered. One story; by mouse, by keyboard
// alone, at two widths, in both themes.
import assert from 'node:assert/strict';

import { eventually, expect } from '../lib/expect.mjs';
import { setTheme } from '../lib/browser.mjs';
import { MODELS, OTHER_SERVER, TEAM, addModel, allowPrivate, ask, chooseVendor, connectProvider, press, setUp, toast } from '../lib/steps.mjs';

const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
const MODEL = { ...MODELS[1], upstream: 'fake-small--words=30' };
const SAID = 'What is a heap?';

/** Accessible at both widths, no wider than the screen, and pictured. */
async function look(world, page, name) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await world.browser.assertAccessible(page, `${name} at ${size.width}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px wider than a screen of ${size.width}`);
    for (const theme of ['light', 'dark']) {
      await setTheme(page, theme);
      await world.browser.screenshot(page, `${name}-${size.width}-${theme}`);
    }
  }
  await page.setViewportSize(SIZES[0]);
}

const focused = (page) => page.evaluate(() => document.activeElement?.id ?? '');

/** What a field says is wrong with it; it has the focus. */
async function refusal(page, dialog, label) {
  const field = dialog.getByLabel(label, { exact: true });
  await eventually(`${label} is marked as wrong`, () => field.getAttribute('aria-invalid'), (it) => it === 'true');
  const wanted = await field.getAttribute('id');
  await eventually(`${label} has the focus`, () => focused(page), (id) => id === wanted);
  return page.locator(`#${await field.getAttribute('aria-describedby')}`).innerText();
}

async function call(world, page, headers = {}) {
  const reply = await page.request.post('/v1/chat/completions', {
    headers: { authorization: `Bearer ${world.key}`, ...headers },
    data: { model: MODEL.name, messages: [{ role: 'user', content: SAID }] },
  });
  assert.equal(reply.status(), 200, await reply.text());
  return { id: reply.headers()['x-request-id'], text: (await reply.json()).choices[0].message.content };
}

/** Opens the page of the newest request. */
async function openNewest(world, page) {
  await world.browser.open(`/t/${TEAM.slug}/history`, page);
  const row = await eventually('the call is settled', async () => (await ask(page, 'history/list', { query: { team: TEAM.slug } })).rows[0], (it) => it?.outcome);
  await world.browser.open(`/t/${TEAM.slug}/history/${row.request}`, page);
  return row.request;
}

export const isStory = true;

export const tests = [
  ['the owner arrives', async (world) => setUp(world, await world.browser.page())],

  ['kinds and presets are one list of vendors', async (world) => {
    const page = await world.browser.open(`/t/${TEAM.slug}/providers?connect=1`);
    const dialog = page.getByRole('dialog', { name: 'Connect a provider' });
    for (const vendor of ['OpenAI', 'Anthropic', 'Gemini', 'Azure OpenAI', 'DeepSeek', 'Mistral', 'Ollama', 'LM Studio', OTHER_SERVER, 'Demo']) {
      await dialog.getByRole('button', { name: new RegExp(`^${vendor}`) }).waitFor();
    }
    await look(world, page, 'connect-vendors');
  }],

  ['by keyboard: a vendor, back, and another one', async (world) => {
    const page = await world.browser.open(`/t/${TEAM.slug}/providers?connect=1`);
    const dialog = page.getByRole('dialog', { name: 'Connect a provider' });
    await dialog.getByRole('button', { name: /^Ollama/ }).focus();
    await page.keyboard.press('Enter');
    const name = dialog.getByLabel('Name', { exact: true });
    await expect(name).toHaveValue('ollama');
    await eventually('the name has the focus', () => focused(page), (id) => id === 'provider-slug');
    await expect(dialog.getByLabel('Base URL')).toHaveValue('http://localhost:11434/v1');
    await expect(dialog).toContainText('Optional');
    assert.equal(await dialog.getByRole('link', { name: 'Settings' }).getAttribute('href'), '/admin/settings');
    await look(world, page, 'connect-ollama');

    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await eventually('the tile has the focus again', () => focused(page), (id) => id === 'provider-vendor-ollama');
    await dialog.getByRole('button', { name: /^OpenAI/ }).focus();
    await page.keyboard.press('Space');
    await expect(name).toHaveValue('openai');
    await expect(dialog.getByLabel('Base URL')).toHaveValue('https://api.openai.com/v1');
    await look(world, page, 'connect-openai');
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }],

  ['what is wrong is said at its field', async (world) => {
    const page = await world.browser.page();
    await world.browser.allowing(/status of 400/, async () => {
      const dialog = await chooseVendor(world, page, 'OpenAI');
      await press(dialog, 'Connect');
      assert.match(await refusal(page, dialog, 'API key'), /Paste the API key/);
      await look(world, page, 'connect-refused');
      await dialog.getByLabel('Name', { exact: true }).fill('Not a slug');
      await press(dialog, 'Connect');
      assert.match(await refusal(page, dialog, 'Name'), /use 1 to 63 of a-z/i);

      await connectProvider(world, page, { vendor: 'Ollama', slug: 'ollama', baseUrl: world.fakeUrl, key: '' });
      assert.match(await refusal(page, dialog, 'Base URL'), new RegExp(`${world.fakeAddress} to the private-address allow-list`));
    });
  }],

  ['Ollama is connected at an allow-listed address, without a key', async (world) => {
    const page = await world.browser.page();
    await allowPrivate(world, page, world.fakeAddress);
    await connectProvider(world, page, { vendor: 'Ollama', slug: 'ollama', baseUrl: world.fakeUrl, key: '' });
    await toast(page, 'ollama connected. Add its models next.');
    const [made] = await ask(page, 'providers/list', { team: TEAM.slug });
    assert.deepEqual([made.kind, made.preset, made.title, made.base_url, made.credential], ['openai-compatible', 'ollama', 'Ollama', world.fakeUrl, 'none']);
    await page.getByRole('row', { name: /ollama.*Ollama/ }).waitFor();
    await look(world, page, 'providers-ollama');
  }],

  ['the demo brings its models', async (world) => {
    const page = await world.browser.page();
    const dialog = await chooseVendor(world, page, 'Demo');
    assert.equal(await dialog.getByLabel('API key').count() + await dialog.getByLabel('Base URL').count(), 0);
    await press(dialog, 'Connect');
    await toast(page, 'demo connected. Its models are there.');
  }],

  ['the page of a call says what the client said about it, and its text on opening', async (world) => {
    const page = await world.browser.page();
    await addModel(world, page, 'ollama', MODEL);
    const { secret } = await ask(page, 'keys/create', { input: { team: TEAM.slug, name: 'spec', kind: 'personal', rules: { models: 'all' } } });
    world.key = secret;
    const headers = { authorization: `Bearer ${secret}` };
    await eventually('the key is known', async () => (await page.request.get('/v1/models', { headers })).status(), (it) => it === 200);
    const reply = await call(world, page, {
      'x-tallygate-task': 'bug_fix', 'x-tallygate-tags': 'repo=core,ticket=42', 'x-tallygate-conversation': 'talk-7',
    });
    const request = await openNewest(world, page);
    const drawer = page.getByRole('complementary', { name: 'Request' });
    for (const text of ['Bug fix', 'repo=core, ticket=42', 'talk-7', 'Given back', `/api/v1/requests/${reply.id}`]) await expect(drawer).toContainText(text);
    assert.ok(!(await page.content()).includes(SAID), 'the text is not in the page before it is asked for');
    await eventually('the text is written', () => ask(page, 'history/content', { team: TEAM.slug, request }), (it) => it.lock === null);

    await drawer.locator('summary', { hasText: 'What was said' }).focus();
    await page.keyboard.press('Enter');
    await expect(drawer).toContainText(`"content": "${SAID}"`);
    const shown = await drawer.locator('details pre').last().textContent();
    assert.equal(JSON.parse(shown).choices[0].message.content, reply.text);
    await look(world, page, 'request-content');

    const receipt = await (await page.request.get(`/api/v1/requests/${reply.id}`, { headers: { authorization: `Bearer ${world.key}` } })).json();
    assert.deepEqual([receipt.task, receipt.tags, receipt.conversation], ['bug_fix', { repo: 'core', ticket: '42' }, 'talk-7']);
  }],

  ['a lock says why there is no text', async (world) => {
    const page = await world.browser.page();
    await call(world, page, { 'x-tallygate-store': 'metadata' });
    await openNewest(world, page);
    await page.locator('summary', { hasText: 'What was said' }).click();
    await expect(page.locator('main')).toContainText('the call asked for numbers only');
    await look(world, page, 'request-locked');
  }],
];
