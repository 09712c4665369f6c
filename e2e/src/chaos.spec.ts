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

interface Ended {
  readonly code: number | null;
  readonly report: Record<string, number>;
  readonly said: string;
}

async function chaos(...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, BATON_PYTHON: trainingPython() };
  const child = spawn(process.execPath, [CHAOS, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, said] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const report = JSON.parse(output.trim().split('\n').at(-1) || '{}') as Record<string, number>;
  return { code: child.exitCode, report, said };
}

it(`loses nothing and runs nothing twice through ${KILLS} kills`, { timeout: 240_000 }, async () => {
  const { code, report } = await chaos('--kills', String(KILLS), '--seed', '1');
  expect(report).toMatchObject(NOTHING);
  expect(report['kills']).toBeGreaterThanOrEqual(KILLS);
  expect(report['jobs']).toBeGreaterThan(5);
  expect(report['uploads']).toBeGreaterThan(0);
  expect(report['inferences']).toBeGreaterThan(0);
  expect(code).toBe(0);
});

it(
  'loses nothing that was acknowledged when the power of its servers is cut',
  { timeout: 480_000 },
  async (context) => {
    const { code, report, said } = await chaos('--kills', '20', '--seed', '13', '--power-cuts');
    if (said.includes("Power can't be cut here")) return context.skip(said.trim());
    expect(report).toMatchObject(NOTHING);
    expect(report['powerCuts']).toBeGreaterThanOrEqual(2);
    expect(report['jobs']).toBeGreaterThan(5);
    expect(report['uploads']).toBeGreaterThan(0);
    expect(code).toBe(0);
  },
);
