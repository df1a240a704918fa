// A reader who has no pointer: everything by Tab, Enter, Space, arrows and typing, found by what a screen reader would say.
//
// Nothing in here clicks, fills or focuses by a locator. What cannot be reached by Tab cannot be used, and the test says so.
import assert from 'node:assert/strict';

import { eventually } from './expect.mjs';

/** More stops than any page has. */
const MOST_STOPS = 250;
const RECENT = 12;

export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  /** The role and the accessible name of what has the focus, as the browser computes them. */
  async focused() {
    const session = (this.session ??= await this.page.context().newCDPSession(this.page));
    const { result } = await session.send('Runtime.evaluate', { expression: 'document.activeElement' });
    if (!result.objectId) return { role: '', name: '' };
    const { nodes } = await session.send('Accessibility.getPartialAXTree', { objectId: result.objectId, fetchRelatives: false });
    await session.send('Runtime.releaseObject', { objectId: result.objectId });
    const [node] = nodes;
    return { role: node?.role?.value ?? '', name: (node?.name?.value ?? '').trim() };
  }

  /** Tabs on until something with this name (and role) has the focus. A pattern or an exact text. */
  async to(name, role = null) {
    const isRole = (found) => role === null || [role].flat().includes(found);
    const isIt = (found) => (name instanceof RegExp ? name.test(found.name) : found.name === name) && isRole(found.role);
    const stops = [];
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      const found = await this.focused();
      if (isIt(found)) {
        await this.#assertVisible(found);
        return found;
      }
      stops.push(`${found.role} ${found.name}`);
      await this.page.keyboard.press('Tab');
    }
    assert.fail(`Tab never reaches ${role ?? 'anything'} named ${name}; last stops: ${stops.slice(-RECENT).join(' | ')}`);
  }

  /** A reader must see where they are: the focus is on the screen and has an outline of its own. */
  async #assertVisible(found) {
    const seen = await this.page.evaluate(() => {
      const element = document.activeElement;
      // A radio tile or a ticked box shows the ring on its label.
      const shown = [element, element.closest('label'), element.parentElement].filter(Boolean);
      const ring = shown.some((one) => {
        const style = getComputedStyle(one);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
      });
      const box = element.getBoundingClientRect();
      return { ring, isOn: box.bottom > 0 && box.top < innerHeight };
    });
    assert.ok(seen.ring && seen.isOn, `the focus on ${found.role} ${found.name} cannot be seen: ${JSON.stringify(seen)}`);
  }

  /** Reaches it and presses it. */
  async press(name, role = 'button') {
    await this.to(name, role);
    await this.page.keyboard.press('Enter');
  }

  /** Reaches a link and follows it. */
  async follow(name) {
    await this.press(name, 'link');
  }

  /** Reaches a field and replaces what is in it. */
  async type(name, text) {
    await this.to(name, ['textbox', 'spinbutton', 'searchbox']);
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
    const value = await this.page.evaluate(() => document.activeElement.value);
    assert.equal(value, text, `${name} holds what was typed`);
  }

  /** Chooses an option of a select by the letters of its name, as one does without a pointer. */
  async choose(name, option) {
    await this.to(name, 'combobox');
    const chosen = () => this.page.evaluate(() => document.activeElement.selectedOptions?.[0]?.textContent.trim() ?? '');
    await this.page.keyboard.type(option);
    if ((await chosen()) !== option) {
      await this.page.keyboard.press('Home');
      for (let step = 0; step < 60 && (await chosen()) !== option; step += 1) await this.page.keyboard.press('ArrowDown');
    }
    assert.equal(await chosen(), option, `${name} offers ${option}`);
  }

  /** Ticks a box, or one of several choices. */
  async tick(name, role = 'checkbox') {
    await this.to(name, role);
    const isOn = () => this.page.evaluate(() => document.activeElement.checked);
    if (!(await isOn())) await this.page.keyboard.press('Space');
    assert.ok(await isOn(), `${name} is ticked`);
  }

  /** Waits until the dialog is open and the focus is in it: where a keyboard goes on. */
  async dialog(title) {
    const dialog = this.page.getByRole('dialog', { name: title });
    await dialog.waitFor();
    await eventually(`the focus is in the dialog ${title}`, () => dialog.evaluate((it) => it.contains(document.activeElement)), (it) => it);
    return dialog;
  }

  /** Closes the dialog with Escape; the focus goes back to what opened it. */
  async escape(dialog, opener) {
    await this.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    if (opener) {
      await eventually(`the focus is back on ${opener}`, async () => (await this.focused()).name, (name) => (opener instanceof RegExp ? opener.test(name) : name === opener));
    }
  }
}
