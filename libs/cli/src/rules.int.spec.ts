// `baton policy`, `baton reservation` and `baton node share`, as an admin uses them, against the real platform.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CommandLine, startCommandLine } from './testing/command-line.ts';

let commandLine: CommandLine;
beforeAll(async () => {
  commandLine = await startCommandLine();
});
afterAll(() => commandLine.stop());

const baton = (...args: readonly string[]) => commandLine.start(args).ended;
const file = async (text: string) => {
  await writeFile(join(commandLine.folder.path, 'policy.yaml'), text);
  return 'policy.yaml';
};

describe('baton policy', () => {
  it('shows as YAML what it takes, with names in place of ids', async () => {
    expect((await baton('group', 'create', 'vision')).code).toBe(0);
    const shares = 'fairShare: {users: {ada@example.com: 2}}\nquotas: [{group: vision, hardGpus: 0}]\n';
    const applied = await baton('policy', 'apply', await file(shares), '--comment', 'a start');
    expect(applied).toEqual({ code: 0, out: 'Version 1 is in force.\n', err: '' });
    const shown = await baton('policy', 'show', '--yaml');
    expect(shown.out).toContain('ada@example.com: 2\n');
    expect(shown.out).toContain('  - { group: vision, hardGpus: 0 }\n');
    const again = await baton('policy', 'apply', await file(shown.out), '--if-version', '1');
    expect(again.out).toBe('Nothing is different: version 1 stays in force.\n');
  });

  it('says what another would change, and changes nothing', async () => {
    const tried = await baton(
      'policy',
      'apply',
      await file('order: fifo\nquotas: [{group: vision, guaranteedGpus: 1}]'),
      '--dry-run',
    );
    expect(tried.code).toBe(0);
    expect(tried.out).toContain('Compared with version 1:\n  order: fair-share -> fifo\n');
    expect(tried.out).toContain('quotas / group vision / hardGpus: 0 -> none\n');
    expect(tried.out).toContain('WARNING: /quotas guarantee groups 1 GPUs together, and the nodes have 0');
    expect(tried.out).toContain('Nothing was changed.\n');
    expect((await baton('policy', 'show', '--version', '2')).code).toBe(4);
  });

  it('refuses with exit code 5 and pointers, and a file that holds none with 2', async () => {
    const refused = await baton('policy', 'apply', await file('order: fifo\nclases: []'));
    expect(refused).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringContaining('\n  /clases: is not a known field') as string,
    });
    expect(await baton('policy', 'apply', await file('- order: fifo'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds no policy') as string,
    });
    const stale = await baton('policy', 'apply', await file('order: fifo'), '--if-version', '0');
    expect(stale).toMatchObject({ code: 5, err: expect.stringContaining('changed since it was read') as string });
  });

  it('has a history', async () => {
    const { out } = await baton('policy', 'history');
    expect(out.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^VERSION +SINCE +BY +COMMENT$/),
      expect.stringMatching(/^ +1 .* ada@example.com +a start$/),
      expect.stringMatching(/^ +0 +the default$/),
    ]);
    const first = JSON.parse((await baton('policy', 'show', '--version', '0', '--json')).out) as unknown;
    expect(first).toMatchObject({ version: 0, policy: { fairShare: { users: {} } } });
  });
});

describe('baton reservation', () => {
  it('keeps a device for somebody, shows it to everybody, and gives it up', async () => {
    const [node] = JSON.parse((await baton('node', 'list', '--json')).out) as { name: string }[];
    const create = ['reservation', 'create', '--node', node?.name ?? '', '--for', '4h'];
    const from = new Date(Date.now() + 3_600_000).toISOString();
    const lecture = [...create, '--devices', '0', '--from', from, '--user', 'ada@example.com', '--reason', 'lecture'];
    const made = await baton(...lecture);
    expect(made.out).toMatch(/^bkg_\w{26}: cpu-0 of \S+, from .* to .*\n$/);
    const clash = await baton(...create, '--from', from, '--repair');
    expect(clash).toMatchObject({ code: 5, err: expect.stringContaining('(cpu-0, lecture)') as string });
    const [id = ''] = made.out.split(':');
    expect((await baton('reservation', 'list')).out).toMatch(
      new RegExp(`${id} +\\S+ +cpu-0 .* coming +ada@example.com +lecture`),
    );
    expect(await baton('reservation', 'cancel', id)).toMatchObject({ code: 0, out: `${id} is cancelled.\n` });
    expect((await baton('reservation', 'list')).out).toBe('No reservations.\n');
    expect((await baton('reservation', 'list', '--all')).out).toContain('cancelled');
    expect((await baton(...create, '--from', 'noon', '--repair')).code).toBe(2);
  });
});

describe('baton node share', () => {
  it(
    'lets two halves run on one slot, shows them with their parts, and is taken back',
    { timeout: 60_000 },
    async () => {
      const [node] = JSON.parse((await baton('node', 'list', '--json')).out) as { name: string }[];
      const share = (...how: readonly string[]) => baton('node', 'share', node?.name ?? '', ...how);
      const half = () => baton('run', '--detach', '--cpu-slots', '0.5', '--', 'sleep', '60');
      const [early, nothingSaid, tooMany, noPart] = await Promise.all([
        half(),
        share(),
        share('--jobs-per-device', '21'),
        baton('run', '--detach', '--gpus', '0.33', '--', 'true'),
      ]);
      expect([early.code, nothingSaid.code, tooMany.code, noPart.code]).toEqual([5, 2, 5, 5]);
      expect(early.err).toContain('it lets no jobs share a device');
      expect(noPart.err).toContain(
        '/resources/gpus: is 0.33: give a whole number of GPUs, or a multiple of 0.05 below 1',
      );
      expect((await share('--jobs-per-device', '2')).out).toContain(
        'Up to 2 jobs that ask for parts may share a device',
      );
      expect((await Promise.all([half(), half()])).map(({ code }) => code)).toEqual([0, 0]);
      const show = async () => (await baton('node', 'show', node?.name ?? '')).out;
      await vi.waitFor(async () => expect((await show()).match(/job_\w+ \(0\.5\)/g)).toHaveLength(2), 60_000);
      expect((await share('--off')).out).toContain('those that run stay');
      expect(await show()).not.toContain('jobs a device');
    },
  );
});
