// What a person does, step by step, by what the page says: roles and labels, never classes.
import { expect } from './expect.mjs';
import { hydrated } from './browser.mjs';

export const OWNER = { name: 'Ada Lovelace', email: 'ada@example.com', password: 'lovelace keeps nine tall notebooks' };
export const TEAM = { name: 'Core', slug: 'core' };
export const CHAT = { system: 'You are terse.', user: 'Explain a **binary heap**, then show one.' };

/** Prices in dollars per million tokens, as typed into the form. */
export const MODELS = [
  { name: 'fake-large', upstream: 'fake-large--words=300--pace=40', price: { input: '2.50', cacheRead: '0.25', output: '10.00' } },
  { name: 'fake-small', upstream: 'fake-small--words=240--pace=50', price: { input: '0.15', cacheRead: '0.075', output: '0.60' } },
];
export const DEMO_MODEL = 'demo-steady';

/** From the printed address to the home of the first team. */
export async function setUp(world, page) {
  await world.browser.open(world.setupUrl, page);
  await expect(page.getByLabel('Set-up code')).not.toHaveValue('');
  await fillSetUp(page);
  await press(page, 'Create instance');
  await page.waitForURL(`**/t/${TEAM.slug}**`);
  await hydrated(page);
}

export async function fillSetUp(page) {
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Password').fill(OWNER.password);
  await page.getByLabel('Name of this instance').fill('Test instance');
  await page.getByLabel('First team').fill(TEAM.name);
  await page.getByLabel('Reporting zone').fill('Europe/Berlin');
  await page.getByLabel('Keep prompts and answers').check();
}

export async function signIn(world, page, password = OWNER.password) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Sign in');
}

export async function allowPrivate(world, page, address) {
  await world.browser.open('/admin/settings', page);
  await page.getByLabel('Private addresses that providers may have').fill(address);
  await press(page, 'Save settings');
  await toast(page, 'Settings saved');
}

export const OTHER_SERVER = 'Other OpenAI-compatible server';

/** The dialog that connects a provider, with the form of one vendor. */
export async function chooseVendor(world, page, vendor) {
  await world.browser.open(`/t/${TEAM.slug}/providers?connect=1`, page);
  const dialog = page.getByRole('dialog', { name: 'Connect a provider' });
  await dialog.getByRole('button', { name: new RegExp(`^${vendor}`) }).click();
  await dialog.getByRole('heading', { name: vendor }).waitFor();
  return dialog;
}

export async function connectProvider(world, page, { slug, baseUrl, key, vendor = OTHER_SERVER }) {
  const dialog = await chooseVendor(world, page, vendor);
  await dialog.getByLabel('Name', { exact: true }).fill(slug);
  await dialog.getByLabel('Base URL').fill(baseUrl);
  await dialog.getByLabel('API key').fill(key);
  await press(dialog, 'Connect');
}

export async function addModel(world, page, provider, model) {
  await world.browser.open(`/t/${TEAM.slug}/models`, page);
  await page.getByRole('button', { name: 'Add model' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a model' });
  await dialog.getByLabel('Provider', { exact: true }).selectOption(provider);
  await dialog.getByLabel('Model name').fill(model.name);
  await dialog.getByLabel('Name at the provider').fill(model.upstream);
  await dialog.getByLabel('Input', { exact: true }).fill(model.price.input);
  await dialog.getByLabel('Cached input').fill(model.price.cacheRead);
  await dialog.getByLabel('Output', { exact: true }).fill(model.price.output);
  await press(dialog, 'Add model');
  await toast(page, `${model.name} added`);
}

/** Connects the demo from the first page; closes the dialog with the first key and returns that key. */
export async function connectDemo(world, page) {
  await world.browser.open(`/t/${TEAM.slug}?welcome=1`, page);
  await press(page, 'Try with the demo provider');
  const dialog = page.getByRole('dialog', { name: 'Key first key' });
  const key = await dialog.locator('#revealed-key').innerText();
  await press(dialog, 'I stored it');
  await expect(dialog).toBeHidden();
  return key;
}

export async function press(where, name) {
  await where.getByRole('button', { name, exact: true }).click();
}

export async function toast(page, text) {
  await page.getByRole('status').getByText(text).first().waitFor();
}

/** Calls a server function as the page would, with the reader's cookie. */
export async function ask(page, endpoint, body) {
  const answer = await page.evaluate(
    async ([path, text]) => {
      const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: text });
      return { status: response.status, text: await response.text() };
    },
    [`/ui/${endpoint}`, JSON.stringify(body)],
  );
  if (answer.status !== 200) throw new Error(`${endpoint} answered ${answer.status}: ${answer.text}`);
  return JSON.parse(answer.text);
}
