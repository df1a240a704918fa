// Figures of the browser side, printed and kept, never judged: `node tests/e2e/measure.mjs [--seconds N]`.
//
// Six and twelve cells stream 100 tokens a second each while somebody types, with the processor slowed down four times and as it
// is, beside the same page at rest: the longest task of the main thread, and what typing takes to the next frame. They say what
// models say (paragraphs, lists, tables, code), and once, as the worst case, one paragraph in seven scripts that never ends. A
// busy machine shows in the baseline. Build the site and the server with `--release` first: the gates of `ui.md` 13 are for that build.
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { ANSWERS } from './lib/answers.mjs';
import { Browser } from './lib/browser.mjs';
import { named, saying } from './lib/upstream.mjs';
import { World } from './lib/world.mjs';
import { HOME, arrange, grows, openForm, openRun, start } from './lib/workbench.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.env.E2E_OUT ?? path.join(here, '../../target/e2e'), 'measure');
const seconds = Number(process.argv[process.argv.indexOf('--seconds') + 1] || 15) || 15;
const TASK_MS = 50;
const TYPING_MS = 150;
const NAMES = Array.from({ length: 12 }, (_, at) => `m${at + 1}`);
// More words than the measuring takes, ten milliseconds apart: a hundred tokens a second.
const WORDS = 100 * (seconds + 30);
const MODELS = NAMES.flatMap((name) => [
  { name, upstream: named(name, { echo: true, pace: 10 }), max_output: 16_384 },
  { name: `${name}-endless`, upstream: named(`${name}-endless`, { words: 2 * WORDS, pace: 10 }), max_output: 16_384 },
]);
const ROUND = ANSWERS.map(({ text }) => text).join('\n\n');
const ANSWER = Array(Math.ceil(WORDS / ROUND.split(' ').length)).fill(ROUND).join('\n\n');

/** Counts from now on, inside the page. */
const watch = () => {
  window.__seen = { tasks: [], typing: [] };
  new PerformanceObserver((list) => list.getEntries().forEach((it) => window.__seen.tasks.push(it.duration))).observe({ type: 'longtask' });
  new PerformanceObserver((list) => list.getEntries().forEach((it) => it.name === 'keydown' && window.__seen.typing.push(it.duration)))
    .observe({ type: 'event', durationThreshold: 16 });
};

const percentile = (numbers, share) => [...numbers].sort((a, b) => a - b)[Math.max(0, Math.ceil(numbers.length * share) - 1)] ?? 0;

async function measured(page, slowdown) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await page.evaluate(watch);
  const box = page.getByLabel('System prompt', { exact: true });
  await box.focus();
  const until = Date.now() + seconds * 1000;
  let keys = 0;
  while (Date.now() < until) {
    await page.keyboard.type('a', { delay: 0 });
    keys += 1;
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  const { tasks, typing } = await page.evaluate(() => window.__seen);
  const [heap] = (await session.send('Performance.enable').then(() => session.send('Performance.getMetrics'))).metrics.filter((it) => it.name === 'JSHeapUsedSize');
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  return { keys, tasks, typing, heap: heap?.value ?? 0 };
}

async function scene(world, cells, slowdown, ending = '') {
  const page = await world.browser.open(HOME);
  let run = null;
  if (cells > 0) {
    const models = NAMES.slice(0, cells).map((name) => name + ending);
    run = await start(page, { models, user: ending ? 'Go on for ever.' : saying(ANSWER), settings: { max_output: 16_000 } });
    await openRun(world, run, '', page);
    await openForm(page);
    await grows(page, NAMES[0] + ending, 2);
  } else {
    await world.browser.open(`${HOME}/playground?models=${NAMES.slice(0, 6).join(',')}`, page);
  }
  const { keys, tasks, typing, heap } = await measured(page, slowdown);
  if (run) await page.getByRole('button', { name: /^Stop all/ }).click();
  await page.close();
  const over = tasks.filter((it) => it > TASK_MS).length;
  const row = [
    cells === 0 ? 'at rest' : `${cells} cells x 100 tok/s${ending && ', one paragraph each'}`, `${slowdown}x`, Math.max(0, ...tasks).toFixed(0), over, keys,
    percentile(typing, 0.5).toFixed(0), percentile(typing, 0.95).toFixed(0), Math.max(0, ...typing).toFixed(0), (heap / 1e6).toFixed(1),
  ];
  console.log(row.join('  '));
  return `| ${row.join(' | ')} |`;
}

await mkdir(out, { recursive: true });
const world = await World.start(out);
try {
  world.browser = await Browser.launch(world);
  await (await arrange(world, MODELS)).close();
  const rows = [];
  for (const it of [[0, 1], [0, 4], [6, 1], [6, 4], [12, 1], [12, 4], [6, 4, '-endless']]) rows.push(await scene(world, ...it));
  const head = `# The page while answers stream\n\n- ${new Date().toISOString().slice(0, 16)} UTC, ${os.cpus().length} cores (${os.cpus()[0]?.model}), load ${os.loadavg().map((it) => it.toFixed(1)).join(' ')}\n- ${seconds} s each; gates: longest task ${TASK_MS} ms at 6 cells and 4x, typing ${TYPING_MS} ms\n- server, provider and database run on the same cores; typing below 16 ms is not counted by the browser\n\n`;
  const table = '| what | slowdown | longest task ms | tasks over 50 ms | keys | typing p50 ms | p95 | max | heap MB |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n';
  const report = `${head}${table}${rows.join('\n')}\n`;
  await writeFile(path.join(out, 'measure.md'), report);
  console.log(`\n${report}\nkept in ${path.join(out, 'measure.md')}`);
} finally {
  await world.browser?.close();
  await world.stop();
}
