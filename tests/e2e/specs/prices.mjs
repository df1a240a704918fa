// Prices from first sight to bill: out of the catalogue, confirmed, changed by hand, imported from a file.
import assert from 'node:assert/strict';

import { hydrated, setTheme } from '../lib/browser.mjs';
import { TEAM, connectProvider, press, setUp, toast } from '../lib/steps.mjs';
import { eventually, expect } from '../lib/expect.mjs';

const PROVIDER = 'deep';
const MODEL = 'deepseek-v4-flash';
const team = `/t/${TEAM.slug}`;
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

/** A file of the community's format with made-up figures: output many times what it was. As large as real ones are. */
const FILE = JSON.stringify({
  [`deepseek/${MODEL}`]: {
    mode: 'chat', litellm_provider: 'deepseek', source: 'https://api-docs.deepseek.com/quick_start/pricing',
    input_cost_per_token: 4e-7, output_cost_per_token: 2e-5, cache_read_input_token_cost: -1, deprecation_date: '2028-01-31',
  },
  'deepseek/unknown-here': { comment: '"'.repeat(1_500_000), mode: 'chat', litellm_provider: 'deepseek', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
});

/** What is shown now, at both widths and in both themes. */
async function picture(world, page, name) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const theme of ['light', 'dark']) {
      await setTheme(page, theme);
      await world.browser.screenshot(page, `${name}-${size.width}-${theme}`);
    }
    await world.browser.assertAccessible(page, `${name} at ${size.width}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px wider than a screen of ${size.width}`);
  }
  await page.setViewportSize(SIZES[0]);
}

async function openPrice(world) {
  const page = await world.browser.open(`${team}/models`);
  await page.getByRole('link', { name: 'Change price' }).click();
  await page.getByRole('heading', { name: 'New version' }).waitFor();
  return page;
}

async function chooseFile(page) {
  await page.getByLabel('Price file').setInputFiles({ name: 'prices.json', mimeType: 'application/json', buffer: Buffer.from(FILE) });
  await page.getByText('1 model would change').waitFor();
}

export const isStory = true;

export const tests = [
  ['a provider without a model of its own', async (world) => {
    const page = await world.browser.page();
    await setUp(world, page);
    await connectProvider(world, page, { slug: PROVIDER, baseUrl: 'https://api.deepseek.com', key: 'sk-test-0123456789' });
    await toast(page, `${PROVIDER} connected`);
  }],

  ['the catalogue is searched, and a model taken over is unconfirmed', async (world) => {
    const page = await world.browser.open(`${team}/models`);
    await page.getByRole('link', { name: 'Catalogue' }).click();
    await page.getByRole('searchbox', { name: 'Vendor or model' }).fill('deepseek v4');
    await press(page, 'Search');
    await page.waitForURL('**/catalogue?q=deepseek+v4');
    await hydrated(page);
    const row = page.getByRole('row', { name: new RegExp(MODEL) });
    await picture(world, page, 'catalogue');
    await row.getByRole('button', { name: `Add to ${PROVIDER}` }).click();
    await toast(page, `${MODEL} added`);
    await expect(row).toContainText(`added as ${MODEL}`);
    await world.browser.open(`${team}/models`, page);
    await expect(page.getByRole('row', { name: new RegExp(MODEL) })).toContainText('unconfirmed');
    await picture(world, page, 'models-unconfirmed');
  }],

  ['somebody confirms it, once', async (world) => {
    const page = await world.browser.open(`${team}/models`);
    await press(page, 'Confirm');
    await toast(page, `Price of ${MODEL} confirmed`);
    await eventually('the mark is gone', () => page.getByText('unconfirmed').count(), (count) => count === 0);
  }],

  ['a wrong rate is named and nothing is added', async (world) => {
    const page = await openPrice(world);
    await page.getByLabel('Input, Standard, tier 0').fill('0.1234567');
    await world.browser.allowing(/status of 400/, async () => {
      await press(page, 'Add version');
      await page.getByText('Use at most six decimals').first().waitFor();
    });
    assert.equal(await page.getByLabel('Input, Standard, tier 0').getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByRole('region', { name: 'Rates', exact: true }).count(), 1, 'there is still one version');
  }],

  ['a version with batch, long context and a price per request follows the old one', async (world) => {
    const page = await openPrice(world);
    await page.getByLabel('Input, Standard, tier 0').fill('0.25');
    await page.getByLabel('Input, Batch, tier 0').fill('-50%');
    await page.getByLabel('Per request, Standard, tier 0').fill('5');
    await page.getByLabel('Tier 1 begins above').fill('128,000');
    await page.getByLabel('Output, Standard, tier 1').fill('2.4');
    await page.getByLabel('Note').fill('by letter of the vendor');
    await picture(world, page, 'price');
    await press(page, 'Add version');
    await toast(page, `Price of ${MODEL} added`);
    const table = page.getByRole('region', { name: 'Rates', exact: true }).first();
    await expect(table).toContainText('0.125');
    await expect(table).toContainText('above 128,000 input tokens');
    await expect(page.locator('main')).toContainText('by letter of the vendor');
    await expect(page.locator('main')).toContainText('from the catalogue');
  }],

  ['a price file shows its differences, and a jump needs a second click', async (world) => {
    const page = await world.browser.open('/admin/prices');
    await chooseFile(page);
    const jump = page.getByLabel('More than five times: I have checked this');
    await expect(page.locator('main')).toContainText('cache_read_input_token_cost');
    await expect(page.locator('main')).toContainText('1 entry of the file not used here');
    await picture(world, page, 'import');
    assert.equal(await page.getByLabel(MODEL, { exact: true }).isChecked(), false, 'a jump is not ticked beforehand');
    await page.getByLabel(MODEL, { exact: true }).check();
    await world.browser.allowing(/status of 400/, async () => {
      await press(page, 'Take over what is ticked');
      await page.getByText('confirm this jump by itself').first().waitFor();
    });
    await page.getByLabel('Date of the file').fill('2026-11-12');
    await jump.check();
    await press(page, 'Take over what is ticked');
    await toast(page, '1 price taken over');
    await page.getByText('0 models would change, 1 is the same already').waitFor();
  }],

  ['what came from the file waits for confirmation, with its source and date', async (world) => {
    const page = await openPrice(world);
    await expect(page.locator('main')).toContainText('from a price file');
    await expect(page.locator('main')).toContainText('of 2026-11-12');
    await press(page, 'Confirm');
    await toast(page, `Price of ${MODEL} confirmed`);
    await expect(page.locator('main')).toContainText('confirmed by Ada Lovelace');
  }],
];
