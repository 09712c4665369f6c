// Many agents and followers (200 and 1,000 in full) lose nats-server and control in the same moment: all come back, at once, and the platform stands it.
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeView } from '@baton/contracts';
import type { BatonClient, Page } from '@baton/sdk';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ended, run, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { ProtocolAgent } from './protocol-agents.ts';

/** The whole storm takes a quiet machine, or minutes: `BATON_STORM=full`. */
const IS_FULL = process.env['BATON_STORM'] === 'full';
const AGENTS = IS_FULL ? 200 : 40;
const FOLLOWERS = IS_FULL ? 1_000 : 150;
const MOST_MEMORY = { control: 768 * 2 ** 20, 'nats-server': 512 * 2 ** 20 };
const PATIENCE = { timeout: IS_FULL ? 180_000 : 60_000, interval: 100 };

let platform: TestPlatform;
let admin: BatonClient;
const agents: ProtocolAgent[] = [];
const over = new AbortController();

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
});
afterAll(async () => {
  over.abort();
  await Promise.all(agents.map((agent) => agent.close()));
  await platform.cleanUp();
});

async function nodes(): Promise<readonly NodeView[]> {
  return (await admin.http.json<Page<NodeView>>('GET', '/nodes', { query: { limit: 1_000 } })).items;
}
const readyNodes = async (): Promise<number> => (await nodes()).filter(({ state }) => state === 'ready').length;

function residentBytes(part: keyof typeof MOST_MEMORY): number {
  const status = readFileSync(`/proc/${platform.parts()[part]}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

it(
  'come back to their nodes and to their place in the output, each line once',
  { timeout: IS_FULL ? 600_000 : 120_000 },
  async () => {
    agents.push(...(await ProtocolAgent.join(admin, AGENTS)));
    await vi.waitFor(async () => expect(await readyNodes()).toBe(AGENTS + 1), PATIENCE);

    const shared = join(platform.files, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const words = join(shared, 'words');
    writeFileSync(words, 'before\n');
    const { id } = await admin.jobs.submit(
      shell(`tail -n +1 -f ${words} | sed -u /^end$/q`, { node: await ownNode() }),
    );
    await untilState(admin, id, 'running');
    const heard = Array.from({ length: FOLLOWERS }, () => '');
    const followers = heard.map((_, index) => follow(id, (text) => (heard[index] += text)));
    const all = (text: string) =>
      vi.waitFor(() => expect(heard.filter((each) => each !== text).length).toBe(0), PATIENCE);
    await all('before\n');

    platform.killPart('nats-server');
    platform.killPart('control');
    appendFileSync(words, 'after\n');
    await all('before\nafter\n');
    await vi.waitFor(async () => expect(await readyNodes()).toBe(AGENTS + 1), PATIENCE);
    for (const part of ['control', 'nats-server'] as const) expect(residentBytes(part)).toBeLessThan(MOST_MEMORY[part]);

    appendFileSync(words, 'end\n');
    expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    await Promise.all(followers);
    await all('before\nafter\nend\n');
    expect(await run(admin, shell('true', { node: await ownNode() }))).toMatchObject({ state: 'succeeded' });
  },
);

async function ownNode(): Promise<string> {
  return (await nodes()).find(({ name }) => !name.startsWith('node-'))?.id ?? '';
}

async function follow(id: string, hear: (text: string) => void): Promise<void> {
  for await (const { data } of admin.jobs.followLogs(id, { signal: over.signal }))
    hear((data as { text: string }).text);
}
