// One chaos run: users at work, processes that die under them, rest, and the checks.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '@baton/scheduler';
import { checkBlobs, checkJobs, checkRebuilt, checkUploads, comeToRest, settleRegisters } from './checks/after.ts';
import { FaultRunner } from './fault-runner.ts';
import { faultPlan } from './faults.ts';
import { History, type Operation, readHistory } from './history.ts';
import type { ChaosOptions } from './options.ts';
import { askPorcupine } from './porcupine.ts';
import { checkRegister } from './register-check.ts';
import { type Scene, setUp, tearDown } from './scene.ts';
import { newTally, type Tally } from './tally.ts';
import { callEndpoint, probeCommands } from './users/callers.ts';
import { makeRegisters, writeRegisters } from './users/registers.ts';
import type { Run } from './users/run.ts';
import { type SubmittedJob, submitJobs } from './users/submitter.ts';
import { type StoredUpload, uploadFiles } from './users/uploader.ts';

export interface ChaosReport extends Tally {
  readonly seed: number;
  readonly porcupine: string;
  readonly seconds: number;
}

const PATIENCE_MS = 90_000;

export async function chaos(options: ChaosOptions, say: (text: string) => void): Promise<ChaosReport> {
  const startedAt = performance.now();
  const scene = await setUp(options);
  say(`the platform runs at ${scene.platform.url}, with two agents; its state is in ${scene.folder}`);
  let isKept = true;
  try {
    const { tally, porcupine } = await underFire(scene, options, say);
    isKept = tally.violations.length > 0 || options.folder !== null;
    return { ...tally, seed: options.seed, porcupine, seconds: Math.round((performance.now() - startedAt) / 1_000) };
  } finally {
    await tearDown(scene, isKept);
    if (!isKept) await rm(scene.folder, { recursive: true, force: true });
  }
}

async function underFire(
  scene: Scene,
  { kills, seed, gapMs, powerCuts }: ChaosOptions,
  say: (text: string) => void,
): Promise<{ readonly tally: Tally; readonly porcupine: string }> {
  const over = new AbortController();
  let patienceUntil = Number.POSITIVE_INFINITY;
  const run: Run = {
    scene,
    tally: newTally(),
    history: new History(join(scene.folder, 'history.ndjson')),
    powerCuts: [],
    random: random(seed ^ 0x5eed),
    over: over.signal,
    patienceUntil: () => patienceUntil,
    say,
  };
  const jobs: SubmittedJob[] = [];
  const uploads: StoredUpload[] = [];
  const registers = await makeRegisters(run);
  const users = Promise.all([
    submitJobs(run, jobs),
    uploadFiles(run, uploads),
    writeRegisters(run, registers),
    probeCommands(run),
    callEndpoint(run),
  ]);
  const dice = random(seed);
  const faults = new FaultRunner(run, dice).run(faultPlan(dice, gapMs, powerCuts), kills);
  await Promise.race([Promise.all([faults, users]), faults]);
  patienceUntil = performance.now() + PATIENCE_MS;
  over.abort();
  say('no more faults; everything comes to rest');
  await users;
  await comeToRest(run);
  say(`checking ${jobs.length} jobs, ${uploads.length} uploads and the client history`);
  await settleRegisters(run, registers);
  run.history.close();
  await checkJobs(run, jobs);
  await checkUploads(run, uploads);
  await checkBlobs(run);
  await checkRebuilt(run);
  return { tally: run.tally, porcupine: checkHistory(run, say) };
}

function checkHistory({ history, tally }: Run, say: (text: string) => void): string {
  const byRegister = Map.groupBy(readHistory(history.path), ({ register }: Operation) => register);
  const contradictions = [...byRegister.values()].flatMap(checkRegister);
  const { result, why } = askPorcupine(history.path);
  if (why !== undefined) say(`porcupine was not asked: ${why}`);
  tally.linearizable = contradictions.length === 0 && result !== 'Illegal';
  if (!tally.linearizable) tally.violations.push(...contradictions, `porcupine: ${result}`);
  return result;
}
