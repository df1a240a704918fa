// Chromium as a reader uses it, with a guard that fails on anything the console says.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { check } from './axe.mjs';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const STEP_MS = 15_000;

export class Browser {
  #messages = [];
  #allowed = [];

  static async launch(world) {
    const browser = new Browser();
    browser.world = world;
    browser.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
    await browser.reset();
    return browser;
  }

  /** Forgets cookies and storage: a new reader. */
  async reset(options = {}) {
    await this.context?.close();
    this.context = await this.newContext(options);
  }

  /** A second reader beside the first; `javaScriptEnabled: false` and the like go into `options`. */
  async newContext(options = {}) {
    const context = await this.chromium.newContext({ baseURL: this.world.url, viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(STEP_MS);
    context.on('page', (page) => this.#guard(page));
    return context;
  }

  #guard(page) {
    page.on('pageerror', (error) => this.#messages.push(`page error on ${page.url()}: ${error.stack ?? error}`));
    page.on('crash', () => this.#messages.push(`the page ${page.url()} crashed`));
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      const text = `console ${message.type()} on ${page.url()}: ${message.text()}`;
      if (!this.#allowed.some((pattern) => pattern.test(text))) this.#messages.push(text);
    });
  }

  /** Runs `work`, in which the console may say what matches: the browser reports every refused request there. */
  async allowing(pattern, work) {
    this.#allowed.push(pattern);
    try {
      return await work();
    } finally {
      this.#allowed.splice(this.#allowed.indexOf(pattern), 1);
    }
  }

  assertQuiet() {
    const messages = this.#messages.splice(0);
    assert.deepEqual(messages, [], 'the browser complained');
  }

  /** What the console said on pages that are none of ours. */
  forget() {
    this.#messages.splice(0);
  }

  async page() {
    return this.context.newPage();
  }

  /** Opens a path and waits until the page works. */
  async open(address, page) {
    const opened = page ?? (await this.page());
    await opened.goto(address);
    await hydrated(opened);
    return opened;
  }

  /** axe on what is shown now, in both themes. */
  async assertAccessible(page, name) {
    for (const theme of ['light', 'dark']) {
      await setTheme(page, theme);
      await check(page, `${name} (${theme})`);
    }
  }

  async screenshot(page, name) {
    await mkdir(this.world.out, { recursive: true });
    await page.screenshot({ path: path.join(this.world.out, `${slug(name)}.png`), fullPage: true });
  }

  /** Screenshots of all open pages and what the browser had said, for a test that failed. */
  async keepEvidence(name) {
    for (const [number, page] of this.context.pages().entries()) {
      await this.screenshot(page, `failed-${name}-${number}`).catch((error) => console.log(`     no screenshot: ${error.message}`));
    }
    for (const message of this.#messages.splice(0)) console.log(`     ${message}`);
  }

  async closePages() {
    for (const page of this.context.pages()) await page.close();
  }

  async close() {
    await this.chromium.close();
  }
}

/** Buttons work from here on. */
export async function hydrated(page) {
  await page.waitForSelector('html[data-hydrated="1"]', { state: 'attached' });
}

/** What the theme switch does, without its menu: the attribute on the root decides all colours. */
export async function setTheme(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.evaluate(async (value) => {
    document.documentElement.setAttribute('data-theme', value);
    const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    // One that goes round never arrives.
    const ends = (animation) => animation.playState === 'running' && animation.effect?.getComputedTiming().endTime !== Infinity;
    // Colours that fade are looked at once they have arrived, and what inherits one begins to fade when the other has ended.
    for (let quiet = 0, turn = 0; quiet < 3 && turn < 60; turn += 1) {
      await frames();
      const fading = document.getAnimations().filter(ends);
      quiet = fading.length === 0 ? quiet + 1 : 0;
      // One that is taken away in mid-way never tells that it ended.
      const ended = Promise.allSettled(fading.map((animation) => animation.finished));
      await Promise.race([ended, new Promise((done) => setTimeout(done, 500))]);
    }
  }, theme);
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 100);
}
