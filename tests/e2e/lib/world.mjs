// One fresh instance of the product beside one fake upstream, both as child processes on loopback ports of their own.
import { spawn } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Journal } from './journal.mjs';
import { Upstream } from './upstream.mjs';

const TARGET = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../target');
const START_MS = 60_000;
const STOP_MS = 45_000;

/** A program that has said on stdout that it is ready. */
class Program {
  constructor(child, lines, ready) {
    this.child = child;
    this.lines = lines;
    this.ready = ready;
  }

  /** Starts `file` and waits for the first stdout line that `isReady` accepts. */
  static async start(file, args, { env, log, isReady }) {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    // A program that is started again goes on in the same log.
    const sink = createWriteStream(log, { flags: 'a' });
    const lines = [];
    child.stderr.pipe(sink, { end: false });
    const ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${file} was not ready in time; see ${log}`)), START_MS);
      let rest = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        sink.write(text);
        const parts = (rest + text).split('\n');
        rest = parts.pop();
        for (const line of parts) {
          lines.push(line);
          if (isReady(line)) {
            clearTimeout(late);
            resolve(line);
          }
        }
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        reject(new Error(`${file} ended with ${code ?? signal}; see ${log}`));
      });
    });
    return new Program(child, lines, await ready);
  }

  async stop(signal = 'SIGTERM') {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  }
}

export class World {
  static async start(out) {
    const world = new World();
    world.out = out;
    await mkdir(out, { recursive: true });
    world.folder = await mkdtemp(path.join(os.tmpdir(), 'tallygate-e2e-'));
    // The database runs as another user when the tests run as root, and must be able to pass through.
    chmodSync(world.folder, 0o711);
    try {
      await world.#startFake();
      await world.#startServer();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  async #startFake() {
    const port = await freePort();
    this.journal = new Journal(path.join(this.folder, 'journal.jsonl'));
    this.fakeAddress = `127.0.0.1:${port}`;
    this.fakeUrl = `http://${this.fakeAddress}/v1`;
    this.upstream = new Upstream(`http://${this.fakeAddress}`);
    await this.acceptConnections();
  }

  /** The fake listens, again at the same address and with the same journal after `refuseConnections`. */
  async acceptConnections() {
    this.fake = await Program.start(built('FAKE_UPSTREAM_BIN', 'debug/fake-upstream'), ['--listen', this.fakeAddress, '--journal', this.journal.path], {
      env: process.env,
      log: path.join(this.out, 'fake-upstream.log'),
      isReady: (line) => line.startsWith('listening on '),
    });
  }

  /** Nobody listens where the provider was, and what it was saying breaks off. */
  async refuseConnections() {
    await this.fake.stop('SIGKILL');
  }

  async #startServer() {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const { DATABASE_URL: _theirs, ...inherited } = process.env;
    this.environment = {
      ...inherited,
      DATA_DIR: path.join(this.folder, 'data'),
      LISTEN: `127.0.0.1:${port}`,
      PUBLIC_URL: this.url,
      SITE_DIR: built('SITE_DIR', 'site'),
    };
    await this.startServer((line) => line.includes('/setup#code='));
    this.setupUrl = this.server.ready.match(/https?:\/\/\S*\/setup#code=\S+/)[0];
  }

  /** The server, again at the same address and on the same data after `stopServer`. */
  async startServer(isReady = (line) => line.startsWith('listening on ')) {
    this.server = await Program.start(built('TALLYGATE_BIN', 'debug/tallygate'), ['serve'], {
      env: this.environment,
      log: path.join(this.out, 'tallygate.log'),
      isReady,
    });
  }

  /** SIGTERM lets open streams go on for a while; SIGKILL is what a crash is. */
  async stopServer(signal = 'SIGTERM') {
    await this.server.stop(signal);
  }

  /** What the fake answers to these messages: the oracle for texts. It is a pure function of model and messages. */
  async expectedText(model, messages) {
    return this.upstream.says(model, messages);
  }

  async stop() {
    await this.server?.stop();
    await this.fake?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What the environment names, else where the build puts it. */
function built(name, inTarget) {
  const file = path.resolve(process.env[name] ?? path.join(TARGET, inTarget));
  if (!existsSync(file)) throw new Error(`${file} does not exist: build it, or set ${name}`);
  return file;
}

async function freePort() {
  const probe = net.createServer();
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
