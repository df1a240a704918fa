// What is shown now, looked at as a reader would: at two widths, in both themes, by axe, and never wider than the screen.
import assert from 'node:assert/strict';

import { setTheme } from './browser.mjs';

export const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

/** Leaves the page at the first size. */
export async function look(world, page, name) {
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
