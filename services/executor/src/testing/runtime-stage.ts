// A runtime on trial: attempts with their folders as an agent makes them, and what is to be seen of them.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatePaths } from '../adapters/files/attempt-paths.ts';
import type { Tools } from '../adapters/files/tools.ts';
import type { Launch, Runtime } from '../app/ports.ts';
import type { AttemptKey, ProcessIdentity } from '../domain/journal.ts';
import { jobEnvironment } from '../domain/job-environment.ts';
import type { ProcessEnd } from '../domain/outcome.ts';
import { eventually } from './eventually.ts';
import { job, processesOf } from './world.ts';

export interface RuntimeBench {
  readonly paths: StatePaths;
  readonly tools: Tools;
  readonly environment: Launch['environment'];
  readonly canLimitMemory: boolean;
  /** As an agent does at its start: of what was before it knows which attempts there are. */
  open(known: readonly AttemptKey[]): Promise<Runtime>;
  stop(): Promise<void>;
}

/** An attempt's folders as they are before it is armed, and what to arm. */
export async function aLaunch(bench: RuntimeBench, script: string, more: Partial<Launch> = {}): Promise<Launch> {
  const { paths, tools, environment } = bench;
  const spec = job(['sh', '-c', script], { jobId: `job_${randomBytes(13).toString('hex')}`, environment });
  const key = more.key ?? { jobId: spec.jobId, attempt: 1 };
  const { root, work, output, datasets, temporary, run, signs } = paths.attempt(key);
  const checkpoints = paths.checkpoints(key.jobId);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const folder of [work, output, datasets, temporary, run, signs, checkpoints])
    await mkdir(folder, { recursive: true });
  const env = jobEnvironment({
    spec: { ...spec, behind: { count: 1, pool: spec.devices, predecessors: [] } },
    folders: { work, output, datasets, temporary, checkpoints },
    apiUrl: 'http://127.0.0.1:1',
    token: 'token',
    secrets: {},
    pathFirst: [tools.bin],
    basePath: environment.image === undefined ? (process.env['PATH'] ?? '') : null,
    virtualEnvironment: null,
    pythonPath: tools.python,
  });
  const limits = { cpus: 0, memoryBytes: 0 };
  const manner = { early: false, isBehind: false, isLeased: false };
  return { key, command: spec.command, env, ...manner, limits, environment, devices: ['cpu-0'], ...more };
}

export function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

export class RuntimeStage {
  #bench: RuntimeBench | null = null;
  #runtime: Runtime | null = null;

  async open(bench: RuntimeBench): Promise<void> {
    this.#bench = bench;
    this.#runtime = await bench.open([]);
  }

  async close(): Promise<void> {
    await this.#bench?.stop();
  }

  get bench(): RuntimeBench {
    if (this.#bench === null) throw new Error('It is not open.');
    return this.#bench;
  }

  get runtime(): Runtime {
    if (this.#runtime === null) throw new Error('It is not open.');
    return this.#runtime;
  }

  stdoutOf({ key }: Launch): string {
    return textOf(join(this.bench.paths.attempt(key).root, 'stdout'));
  }

  /** Its processes, by the node's numbers. */
  living({ key }: Launch): number[] {
    return processesOf({ ...job([]), ...key });
  }

  /** An attempt on a CPU slot that was let go. */
  async running(script: string, more: Partial<Launch> = {}): Promise<[Launch, ProcessIdentity]> {
    const launch = await aLaunch(this.bench, script, more);
    const identity = await this.runtime.arm(launch);
    this.runtime.go(launch.key, ['cpu-0']);
    return [launch, identity];
  }

  says(launch: Launch, text: string): Promise<void> {
    return eventually(() => this.stdoutOf(launch).includes(text), `it says ${text}`);
  }

  async endOf(script: string, more: Partial<Launch> = {}): Promise<ProcessEnd> {
    const [launch, identity] = await this.running(script, more);
    const end = await this.runtime.ended(launch.key, identity);
    this.runtime.forget(launch.key);
    return end;
  }
}
