// Output as a file and as a view: whole, in ranges, searched; from the stream while the job runs, from the blob store afterwards.
import { openFileBlobStore } from '@baton/blob-store';
import { type JobView, schedulerRpc } from '@baton/contracts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayFixture, startFixture } from '../../testing/fixture.ts';
import { attemptResult, publishLog, runningJob } from '../../testing/job-output.ts';
import { problem } from '../../testing/problem.ts';
import { readEvents } from '../../testing/sse-client.ts';

let fixture: GatewayFixture;
let job: JobView;
let counter = 0;

beforeAll(async () => {
  // So little that the stream forgets within a test.
  fixture = await startFixture({ BATON_OUTPUT_STREAM_BYTES: '16MiB' });
  const manager = await jetstreamManager(fixture.services.connection);
  await manager.streams.add({ name: 'JOBS', subjects: ['evt.job.*'] });
});
afterAll(() => fixture.stop());
beforeEach(() => {
  counter += 1;
  job = runningJob(`job_${String(counter).padStart(26, 'f')}`);
  fixture.answer(schedulerRpc.getJob, () => job);
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fixture.fetch(`/api/v1/jobs/${job.id}/logs${path}`, { headers });
const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());
const text = async (path: string) => (await get(path)).text();

/** In chunks of `chunkBytes`, one after the other. */
async function write(content: Buffer, chunkBytes: number, output: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  const publisher = jetstream(fixture.services.connection);
  for (let offset = 0; offset < content.length; offset += chunkBytes) {
    const piece = content.subarray(offset, offset + chunkBytes);
    await publishLog(publisher, job.id, { text: piece, offset, output });
  }
}

/** As the agent does at the end. */
async function end(stdout: Buffer, stderr: Buffer): Promise<void> {
  const blobs = await openFileBlobStore({ folder: join(fixture.folder.path, 'blobs') });
  const stored = async (content: Buffer) => (content.length === 0 ? null : blobs.put(content));
  const output = { stdout: await stored(stdout), stderr: await stored(stderr) };
  const result = attemptResult({ output });
  job = { ...job, state: 'succeeded', attempts: job.attempts.map((attempt) => ({ ...attempt, endedAt: 2, result })) };
}

describe('the raw output', () => {
  const content = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7) % 256));

  it.each(['while the job runs', 'afterwards'])('comes whole and in ranges, byte for byte, %s', async (when) => {
    await write(content, 97);
    if (when === 'afterwards') await end(content, Buffer.alloc(0));
    const whole = await get('/raw');
    expect(whole.headers.get('content-disposition')).toContain('filename="j-1.stdout"');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(await bytes(whole)).toEqual(content);
    for (const [range, from, to] of [
      ['0-0', 0, 0],
      ['96-97', 96, 97],
      ['1000-', 1_000, 4_999],
      ['-10', 4_990, 4_999],
      ['4999-9000', 4_999, 4_999],
    ] as const) {
      const part = await get('/raw', { range: `bytes=${range}` });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to}/5000`]);
      expect(await bytes(part)).toEqual(content.subarray(from, to + 1));
    }
    expect((await get('/raw', { range: 'bytes=5000-' })).status).toBe(416);
    expect(await bytes(await get('/raw?output=stderr'))).toHaveLength(0);
    const head = await fixture.fetch(`/api/v1/jobs/${job.id}/logs/raw`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('5000');
  });
  it('is not downloaded again while it is the same', async () => {
    await end(content, content);
    const tag = (await get('/raw')).headers.get('etag') ?? '';
    expect((await get('/raw', { 'if-none-match': tag })).status).toBe(304);
  });
  it('is not there before an attempt is', async () => {
    job = { ...job, attempts: [] };
    expect(await problem(await get('/raw'))).toMatchObject({ status: 404, code: 'not_found' });
    expect(await text('')).toBe('');
  });
  it('stays whole when chunks came again, and some too early', async () => {
    const publisher = jetstream(fixture.services.connection);
    const publish = (offset: number, length: number) =>
      publishLog(publisher, job.id, { text: content.subarray(offset, offset + length), offset });
    for (const [offset, length] of [
      [0, 100],
      [200, 100],
      [100, 100],
      [200, 150],
      [150, 300],
    ] as const)
      await publish(offset, length);
    expect(await bytes(await get('/raw'))).toEqual(content.subarray(0, 450));
    for (const from of [0, 99, 150, 210, 349, 449])
      expect(await bytes(await get('/raw', { range: `bytes=${from}-` }))).toEqual(content.subarray(from, 450));
  });
});

describe('what the stream has forgotten', () => {
  const MIB = 1_048_576;
  const content = Buffer.alloc(24 * MIB, 'x'.repeat(99) + '\n');
  content.write('first line\n');

  it('is said while the job runs, and there again when it has ended', async () => {
    await write(content, MIB / 2);
    const firstByte = Number(/first (\d+) bytes/.exec((await problem(await get('/raw'))).detail)?.[1]);
    expect(firstByte).toBeGreaterThan(4 * MIB);
    const rest = await bytes(await get('/raw', { range: `bytes=${firstByte}-` }));
    expect(rest.equals(content.subarray(firstByte))).toBe(true);
    const events = readEvents(await get('/stream?view=terminal'));
    const event = (await events.next()).value as { data: { missing: number; text: string } };
    expect(event.data.missing).toBe(firstByte);
    expect(event.data.text).toContain(`[${firstByte} bytes of stdout are no longer in the stream`);
    await events.return?.(undefined);
    await end(content, Buffer.from('oops\n'));
    expect((await bytes(await get('/raw'))).equals(content)).toBe(true);
    expect((await bytes(await get(''))).equals(Buffer.concat([content, Buffer.from('oops\n')]))).toBe(true);
    expect(await (await get('/search?q=first')).json()).toMatchObject({ items: [{ line: 1, offset: 0 }] });
  }, 60_000);
});

describe('the view of a terminal', () => {
  it('has each line in its last state, and nothing that acts on the terminal', async () => {
    const bar = Array.from({ length: 101 }, (_, index) => `\r ${index}%|####| ${index}/100`).join('');
    await write(Buffer.from(`start\n${bar}\n\u001b]0;mine\u0007\u001b[2J\u001b[32mgreen\u001b[0m\nopen`), 50);
    await write(Buffer.from([0xff, 0x00, 0x0a]), 50, 'stderr');
    const view = await text('?view=terminal');
    expect(view.split('\n').toSorted()).toEqual(
      ['start', ' 100%|####| 100/100', '\u001b[32mgreen\u001b[0m', 'open', '\u{FFFD}\u{FFFD}'].toSorted(),
    );
    expect(await text('?output=stdout')).toContain(bar);
  });
  it('overwrites, live, what it has shown of a line', async () => {
    const publisher = jetstream(fixture.services.connection);
    const pieces = ['10%', '\r20%\r30%', '\r40%\ndone\n'];
    let offset = 0;
    for (const piece of pieces) {
      await publishLog(publisher, job.id, { text: piece, offset });
      offset += piece.length;
    }
    job = { ...job, state: 'succeeded' };
    const shown: string[] = [];
    for await (const { type, data } of readEvents(await get('/stream?view=terminal')))
      if (type === 'log') shown.push((data as { text: string }).text);
    expect(shown).toEqual(['10%', '\r30%', '\r40%\ndone\n']);
  });
});

describe('search', () => {
  it('pages through both outputs', async () => {
    const lines = Array.from({ length: 250 }, (_, index) => `step ${index} ${index % 2 === 0 ? 'even' : 'odd'}\n`);
    await write(Buffer.from(lines.join('')), 100);
    await write(Buffer.from('an Even error\n'), 100, 'stderr');
    const found: { output: string; line: number; text: string }[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `q=even&limit=40${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = (await (await get(`/search?${query}`)).json()) as { items: typeof found; nextCursor: string | null };
      expect(page.items.length).toBeLessThanOrEqual(40);
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(found).toHaveLength(125);
    expect(found[124]).toMatchObject({ output: 'stdout', line: 249, text: 'step 248 even' });
    const folded = (await (await get('/search?q=even&ignoreCase=true&output=stderr')).json()) as { items: object[] };
    expect(folded.items).toEqual([{ output: 'stderr', line: 1, offset: 3, text: 'an Even error' }]);
  });
  it('refuses no text at all, and a cursor that is none', async () => {
    expect((await get('/search?q=')).status).toBe(400);
    expect((await get('/search?q=a&cursor=b')).status).toBe(400);
    expect((await get('/search')).status).toBe(400);
  });
});

describe('the output of an attempt that is over', () => {
  it('is whole though the stream lacks what nats-server took along, until the agent sends it again', async () => {
    const publisher = jetstream(fixture.services.connection);
    const line = (number: number) => `step=${number}\n`;
    for (const number of [1, 4, 5]) {
      const offset = (number - 1) * line(number).length;
      await publishLog(publisher, job.id, { text: line(number), offset });
    }
    const content = [1, 2, 3, 4, 5].map(line).join('');
    await end(Buffer.from(content), Buffer.from('words\n'));
    await publishLog(publisher, job.id, { text: 'words\n', offset: 0, output: 'stderr' });
    expect(await text('')).toBe(content.slice(0, 7) + 'words\n' + content.slice(7));
    expect(await text('?output=stdout')).toBe(content);
  });
});
