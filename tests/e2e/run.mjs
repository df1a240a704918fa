// The browser tests: `node run.mjs [spec ...]`, prints `N passed, N failed` and fails when one did.
//
// Each spec gets a fresh instance (own data folder, own database, own fake upstream) and runs its tests in order: a journey
// is a story. One more spec is one file in `specs/` with an exported `tests` list of [sentence, async (world) => ...],
// and `isStory = true` when no test makes sense after one that failed.
// TALLYGATE_BIN, FAKE_UPSTREAM_BIN and SITE_DIR name what to test (default: the debug build), CHROMIUM another browser,
// E2E_OUT where screenshots and server logs go. `npm ci` in this folder comes first.
import { readdir, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.env.E2E_OUT ?? path.join(here, '../../target/e2e'));

const wanted = process.argv.slice(2);
const found = (await readdir(path.join(here, 'specs'))).filter((name) => name.endsWith('.mjs')).sort();
const specs = found.filter((name) => (wanted.length === 0 || wanted.includes(name.replace('.mjs', ''))));
if (specs.length === 0) {
  console.error(`no spec named ${wanted.join(', ')}; there are ${found.map((name) => name.replace('.mjs', '')).join(', ')}`);
  process.exit(2);
}

const { Browser } = await import('./lib/browser.mjs').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error(`${error.message}\nrun: npm ci --prefix ${here}`);
  process.exit(2);
});
const { World } = await import('./lib/world.mjs');

let passed = 0;
let failed = 0;
await mkdir(out, { recursive: true });
for (const spec of specs) {
  await runSpec(spec);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function runSpec(spec) {
  const name = spec.replace('.mjs', '');
  const { tests, isStory = false } = await import(`./specs/${spec}`);
  let world;
  try {
    world = await World.start(path.join(out, name));
    world.browser = await Browser.launch(world);
    await runTests(name, tests, world, isStory);
  } catch (error) {
    // Without its world no test of the spec can run, so all of them failed.
    failed += tests.length;
    console.log(`FAIL ${name}: cannot start\n${indented(error)}`);
  } finally {
    await world?.browser?.close();
    await world?.stop();
  }
}

async function runTests(spec, tests, world, isStory) {
  for (const [number, [sentence, test]] of tests.entries()) {
    const started = performance.now();
    try {
      await test(world);
      world.browser.assertQuiet();
      passed += 1;
      console.log(`ok   ${spec}: ${sentence} (${Math.round(performance.now() - started)} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${spec}: ${sentence}\n${indented(error)}`);
      await world.browser.keepEvidence(`${spec}-${sentence}`);
      const rest = tests.length - number - 1;
      if (isStory && rest > 0) {
        failed += rest;
        console.log(`FAIL ${spec}: ${rest} more build on this one`);
        return;
      }
    }
    await world.browser.closePages();
  }
}

function indented(error) {
  return String(error?.stack ?? error).replace(/^/gm, '     ');
}
