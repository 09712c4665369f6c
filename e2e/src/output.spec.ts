// What a job writes and measures, seen from outside: as a view, as a file, by search, as curves; through REST and the command line.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { problem, send } from './rest.ts';

const BATON = fileURLToPath(new URL('../../libs/cli/bin/baton.mjs', import.meta.url));

let platform: TestPlatform;
let client: BatonClient;
beforeAll(async () => {
  ({ platform, admin: client } = await startedPlatform({ BATON_SAMPLE_MS: '250' }));
});
afterAll(() => platform.cleanUp());

async function baton(...args: string[]): Promise<{ code: number | null; out: Buffer }> {
  const env = { ...process.env, BATON_URL: platform.url, BATON_TOKEN: client.http.token ?? '', NO_COLOR: '1' };
  const child = spawn(process.execPath, [BATON, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const [code, err] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    text(child.stderr),
  ]);
  if (code === null || code > 4) throw new Error(err);
  return { code, out: Buffer.concat(pieces) };
}

/** As tqdm draws it, with a line that is no UTF-8, and one of a mebibyte. */
const PROGRAM = `
const write = (data) => new Promise((resolve) => process.stdout.write(data, resolve));
for (let n = 0; n <= 100; n += 1) await write('\\r' + n + '%|' + '#'.repeat(n / 10).padEnd(10) + '| ' + n + '/100');
await write('\\nfinished the epoch\\n');
await write(Buffer.from([0xff, 0xfe, 0x1b, 0x5d, 0x30, 0x3b, 0x78, 0x07, 0x0a]));
await write('y'.repeat(1048576) + '\\nthe end\\n');
console.error('loss=NaN acc=1e400');
const { BATON_API_URL, BATON_JOB_ID, BATON_TOKEN, BATON_ATTEMPT } = process.env;
const post = (points, attempt = Number(BATON_ATTEMPT)) => fetch(BATON_API_URL + '/api/v1/jobs/' + BATON_JOB_ID + '/metrics', {
  method: 'POST',
  headers: { authorization: 'Bearer ' + BATON_TOKEN, 'content-type': 'application/json' },
  body: JSON.stringify({ attempt, points }),
});
const statuses = [];
for (let step = 0; step < 500; step += 100)
  statuses.push((await post(Array.from({ length: 100 }, (_, n) => ({ step: step + n, values: { loss: 1 / (1 + step + n), peak: step + n === 123 ? 9 : 0 } })))).status);
statuses.push((await post([{ values: { a: 1 } }], 2)).status, (await post([])).status);
await write('statuses ' + statuses.join(' ') + '\\n');
const until = Date.now() + 1500;
while (Date.now() < until);
await write('\\rlast words');
`;

describe('a job with a progress bar', () => {
  let id: string;
  let written: Buffer;
  const bar = Array.from({ length: 101 }, (_, n) => `\r${n}%|${'#'.repeat(n / 10).padEnd(10)}| ${n}/100`).join('');

  it('is shown in its last state, and kept as it was written', async () => {
    const job = await run(client, { command: [process.execPath, '--input-type=module', '-e', PROGRAM] });
    ({ id } = job);
    expect(job).toMatchObject({ state: 'succeeded', attempts: [{ result: { reason: 'exited', exitCode: 0 } }] });
    const raw = await client.jobs.rawLog(id);
    written = Buffer.from(await raw.arrayBuffer());
    expect(written.subarray(0, bar.length).toString()).toBe(bar);
    expect(written.length).toBe(job.attempts[0]?.result?.output?.stdout?.sizeBytes);
    expect(written.toString('latin1')).toContain(`\u00ff\u00fe\u001b]0;x\u0007\n${'y'.repeat(1_048_576)}\nthe end\n`);
    const view = (await baton('job', 'logs', id)).out.toString();
    expect(view).toContain('100%|##########| 100/100\nfinished the epoch\n\u{FFFD}\u{FFFD}\n');
    expect(view).toContain(`${'y'.repeat(8_192)}…\nthe end\nstatuses 200 200 200 200 200 409 400\nlast words`);
    expect(view).not.toContain('\r');
    expect(view).not.toContain('\u001b');
    expect((await baton('job', 'logs', '-f', id, '--output', 'stdout')).out.toString()).toMatch(
      /^100%\|#{10}\| 100\/100\nfinished the epoch\n/,
    );
  });

  it('is downloaded whole by the command line, and in ranges over REST', async () => {
    expect((await baton('job', 'logs', id, '--raw')).out.equals(written)).toBe(true);
    const part = await client.jobs.rawLog(id, { headers: { range: `bytes=${bar.length}-${bar.length + 18}` } });
    expect([part.status, await part.text()]).toEqual([206, '\nfinished the epoch']);
    expect((await (await client.jobs.rawLog(id, { query: { output: 'stderr' } })).text()).trim()).toBe(
      'loss=NaN acc=1e400',
    );
  });

  it('is searched', async () => {
    const { items } = await client.jobs.searchLogs(id, { q: 'THE E', ignoreCase: true });
    expect(items).toEqual([
      { output: 'stdout', line: 2, offset: bar.length + 10, text: 'finished the epoch' },
      { output: 'stdout', line: 5, offset: written.indexOf('the end'), text: 'the end' },
    ]);
    expect((await baton('job', 'logs', id, '--grep', '99/100')).out.toString()).toBe(
      'stdout:1: 99%|######### | 99/100\n',
    );
    expect((await baton('job', 'logs', id, '--grep', 'never written')).code).toBe(1);
  });

  it('has the metrics that it sent itself, thinned without losing the peak or the end', async () => {
    const all = (await client.jobs.metrics(id)).items;
    expect(all.map(({ step }) => step)).toEqual(Array.from({ length: 500 }, (_, step) => step));
    const thin = (await client.jobs.metrics(id, { points: 20, name: 'peak' })).items;
    expect(thin.length).toBeLessThanOrEqual(20);
    expect(thin.find(({ values }) => values['peak'] === 9)?.step).toBe(123);
    expect(thin.at(-1)?.step).toBe(499);
    const outsider = await send(platform.url, `/api/v1/jobs/${id}/metrics`, {
      token: client.http.token,
      body: { points: [{ values: { loss: 0 } }] },
    });
    expect(outsider).toMatchObject(problem(403, 'forbidden'));
  });

  it('has been measured', async () => {
    const { items } = await client.jobs.metrics(id, { system: true });
    expect(Math.max(...items.map(({ values }) => values['system/cpu'] ?? 0))).toBeGreaterThan(0.2);
    expect(Math.max(...items.map(({ values }) => values['system/memory'] ?? 0))).toBeGreaterThan(20e6);
    const shown = (await baton('job', 'metrics', id, '--system')).out.toString();
    expect(shown).toContain('system/memory');
    expect(shown).not.toContain('loss');
  });
});
