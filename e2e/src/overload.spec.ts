// Far more at once than the platform carries out: refused at once and in clear words, in bounded memory, and nothing acknowledged is lost.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { shell } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { type Answer, sender } from './rest.ts';

/** Ten times what is carried out at once of one user. */
const AT_ONCE = 2_560;
const MOST_MEMORY_GROWTH = 256 * 2 ** 20;

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_NODE_NAME: 'only' }));
  // Nothing is to run here; the node may not have joined yet.
  await vi.waitFor(() => admin.nodes.cordon('only', 'only submissions count'), { timeout: 60_000 });
});
afterAll(() => platform.cleanUp());

function residentBytes(part: string): number {
  const status = readFileSync(`/proc/${platform.parts()[part]}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

it('takes what it can, refuses the rest with when to try again, and has all that it has acknowledged, once', async () => {
  const other = await inviteUser(admin, 'other');
  const post = sender(admin);
  const refused: Answer[] = [];
  const acknowledged = new Map<string, string>();
  let next = 0;
  let isOver = false;

  async function submitAll(): Promise<void> {
    while (next < AT_ONCE) {
      const key = `load-${(next += 1)}`;
      for (;;) {
        const body = shell('true', { name: key });
        const answer = await post('/api/v1/jobs', { body, headers: { 'idempotency-key': key } }).catch(() => null);
        // A connection that was idle for long is closed just then.
        if (answer === null) continue;
        if (answer.status < 300) {
          acknowledged.set(key, (answer.json as { id: string }).id);
          break;
        }
        refused.push(answer);
        await sleep(1_000 * Number(answer.headers.get('retry-after')) * (0.5 + Math.random()));
      }
    }
  }
  const before = residentBytes('control');
  let most = 0;
  const watch = async (): Promise<void> => {
    for (; !isOver; await sleep(50)) most = Math.max(most, residentBytes('control'));
  };
  const watching = watch();
  const submitting = Promise.all(Array.from({ length: AT_ONCE }, submitAll));
  // Somebody else gets through meanwhile.
  await vi.waitFor(() => expect(refused.length).toBeGreaterThan(0), { timeout: 60_000 });
  expect((await sender(other)('/api/v1/jobs', { body: shell('true', { name: 'other' }) })).status).toBe(201);
  await submitting;
  isOver = true;
  await watching;

  for (const { status, json, headers } of refused) {
    expect([429, 503]).toContain(status);
    expect(['rate_limited', 'unavailable']).toContain((json as { code: string }).code);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(most - before).toBeLessThan(MOST_MEMORY_GROWTH);
  expect(acknowledged.size).toBe(AT_ONCE);
  const found = new Map<string, string>();
  for (let cursor: string | undefined, more = true; more;) {
    const page = await admin.jobs.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { name, id } of page.items) if (name.startsWith('load-')) found.set(name, id);
    cursor = page.nextCursor ?? undefined;
    more = cursor !== undefined;
  }
  expect(found).toEqual(acknowledged);
});
