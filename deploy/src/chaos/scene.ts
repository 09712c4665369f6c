// What a chaos run has: the platform with two agents, its users, and the folders beside it.
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rename, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '@baton/errors';
import { BatonClient } from '@baton/sdk';
import {
  embeddedPlatform,
  type EmbeddedPlatform,
  freePort,
  powerCutDisk,
  type PowerCutDisk,
  scaleModel,
} from '@baton/testkit';
import type { Caller } from './command-sender.ts';
import type { Server } from './faults.ts';
import { joinAgent, type JoinedAgent } from './joined-agent.ts';
import type { ChaosOptions } from './options.ts';

export interface Scene {
  readonly folder: string;
  readonly platform: EmbeddedPlatform;
  readonly agent: JoinedAgent;
  /** Of the servers, where their power is to be cut. */
  readonly disks: Readonly<Record<Server, PowerCutDisk>> | null;
  readonly admin: BatonClient;
  readonly caller: Caller;
  /** Nothing of the platform writes there: only the jobs themselves do. */
  readonly witness: string;
  /** Files to be uploaded. */
  readonly files: string;
  readonly python: string;
  readonly words: string;
}

const ADMIN = { email: 'chaos@example.com', name: 'Chaos', password: 'chaos-password' };
const COUNTER = fileURLToPath(new URL('../../jobs/count.py', import.meta.url));
/** Stored so often, a checkpoint is there on the other node too; a lease of this length runs out while an agent stands still. */
const ENVIRONMENT = { BATON_CPU_SLOTS: '3', BATON_CHECKPOINT_EVERY_MS: '2000', BATON_NODE_LEASE_SECONDS: '8' };
export const ENDPOINT = 'scale';
export const SCALE = 2;

export async function setUp({ folder: wished, powerCuts }: ChaosOptions): Promise<Scene> {
  const python = process.env['BATON_PYTHON'];
  if (!python) {
    const words = 'Its jobs run in Python: start it with `npm run chaos`, which installs what it needs.';
    throw new PlatformError('unavailable', words);
  }
  const folder = wished === null ? await mkdtemp(join(tmpdir(), 'baton-chaos-')) : resolve(wished);
  const [home, witness, files] = ['home', 'witness', 'files'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [home, witness, files]) mkdirSync(path, { recursive: true });
  const second = join(folder, 'second');
  const disks = powerCuts ? { first: await diskAt(home), second: await diskAt(second) } : null;
  const [port, servingPort] = [await freePort(), await freePort()];
  const platform = embeddedPlatform({ home, port, servingPort, env: ENVIRONMENT, prefix: disks?.first.booted ?? [] });
  await platform.start();
  const admin = await signUp(platform);
  await prepareThings(admin, files);
  const agent = await joinAgent(admin, {
    folder: second,
    env: { ...ENVIRONMENT, BATON_CPU_SLOTS: '2' },
    prefix: disks?.second.booted ?? [],
  });
  const caller = { url: platform.url, token: admin.http.token ?? '' };
  return { folder, platform, agent, disks, admin, caller, witness, files, python, words: WORDS };
}

async function diskAt(path: string): Promise<PowerCutDisk> {
  const made = await powerCutDisk(path, { names: 'journaled' });
  if (made.disk !== null) return made.disk;
  throw new PlatformError('unavailable', `Power can't be cut here, which takes root, /dev/fuse and Go: ${made.why}`);
}

async function takeDown(disk: PowerCutDisk, isKept: boolean): Promise<void> {
  const copy = `${disk.path}.copy`;
  if (isKept) await cp(disk.path, copy, { recursive: true, filter: isCopied });
  await disk.destroy();
  if (!isKept) return;
  await rmdir(disk.path);
  await rename(copy, disk.path);
}

/** Pipes can't be copied. */
function isCopied(path: string): boolean {
  return !lstatSync(path).isFIFO();
}

const WORDS = Array.from({ length: 500 }, (_, line) => `word ${line}\n`).join('');

async function signUp(platform: EmbeddedPlatform): Promise<BatonClient> {
  const { url } = platform;
  const anonymous = new BatonClient({ url });
  await anonymous.users.signUp({ token: platform.adminToken(), ...ADMIN });
  const { token } = await anonymous.users.logIn({ email: ADMIN.email, password: ADMIN.password });
  return new BatonClient({ url, token });
}

/** The jobs' code and data, and what the endpoint serves. */
async function prepareThings(admin: BatonClient, files: string): Promise<void> {
  const model = join(files, 'scale.onnx');
  const words = join(files, 'words.txt');
  writeFileSync(model, scaleModel(SCALE, 3));
  writeFileSync(words, WORDS);
  await admin.models.create({ name: 'counter' });
  await admin.models.addVersion('counter', { uploads: [(await admin.upload(COUNTER)).uploadId] });
  await admin.models.create({ name: ENDPOINT });
  await admin.models.addVersion(ENDPOINT, { uploads: [(await admin.upload(model)).uploadId] });
  await admin.endpoints.create({ name: ENDPOINT, model: ENDPOINT, visibility: 'everyone' });
  await admin.datasets.create({ name: 'words' });
  await admin.datasets.addVersion('words', { uploads: [(await admin.upload(words)).uploadId] });
}

/** Jobs as well. `isKept`: what is on the disks stays in their place. */
export async function tearDown({ platform, agent, disks }: Scene, isKept: boolean): Promise<void> {
  await agent.destroy();
  await platform.destroy();
  for (const disk of disks === null ? [] : [disks.first, disks.second]) await takeDown(disk, isKept);
}
