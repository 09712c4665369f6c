// A short chaos run on the real processes: whatever is killed, nothing is lost and nothing runs twice.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { trainingPython } from './python.ts';

const CHAOS = fileURLToPath(new URL('../../deploy/dist/chaos/main.js', import.meta.url));
const KILLS = 10;
const NOTHING = {
  lost: 0,
  doubled: 0,
  logLinesLost: 0,
  metricsLost: 0,
  checkpointsLost: 0,
  artifactsCorrupt: 0,
  uploadsLost: 0,
  commandsLost: 0,
  commandsUnknown: 0,
  commandsRefused: 0,
  inferencesWrong: 0,
  linearizable: true,
  violations: [],
};

it(`loses nothing and runs nothing twice through ${KILLS} kills`, { timeout: 240_000 }, async () => {
  const args = [CHAOS, '--kills', String(KILLS), '--seed', '1'];
  const env = { ...process.env, BATON_PYTHON: trainingPython() };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const report = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, number>;
  expect(report).toMatchObject(NOTHING);
  expect(report['kills']).toBeGreaterThanOrEqual(KILLS);
  expect(report['jobs']).toBeGreaterThan(5);
  expect(report['uploads']).toBeGreaterThan(0);
  expect(report['inferences']).toBeGreaterThan(0);
  expect(child.exitCode).toBe(0);
});
