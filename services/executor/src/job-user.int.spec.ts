// Jobs as another user under an agent that is root: what they may not touch they can't, and all else works as ever.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DesiredAttempt, Manifest } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StatePaths } from './adapters/files/attempt-paths.ts';
import { JobUser } from './adapters/process/job-user.ts';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { NOBODY, skipsAsOther } from './testing/other-user.ts';
import { membersOf, shell, startWorld, storeManifest, supervisorOf, type World } from './testing/world.ts';

describe.skipIf(skipsAsOther('jobs as another user'))('jobs as another user', () => {
  let world: World;
  let agent: AgentProcess;
  const startAgent = (more = {}) =>
    // Tools that this user's home holds are out of the other user's reach.
    world.startAgent({ BATON_JOB_USER: NOBODY, BATON_JOB_PATH: '/usr/local/bin:/usr/bin:/bin', ...more });
  beforeAll(async () => {
    world = await startWorld();
    chmodSync(world.folder, 0o711);
    agent = await startAgent();
  });
  afterAll(() => world.stop());

  const output = async (spec: DesiredAttempt) => {
    world.scheduler.want(spec);
    const result = await world.scheduler.ended(spec);
    return { result, text: (await world.log(spec, 'stdout')).toString() };
  };
  const slot = (index: number) =>
    ({ id: `cpu-${index}`, kind: 'cpu', index, model: 'CPU slot', memoryBytes: 0 }) as const;

  it('are nobody, with a group of their own, and can never be more', async () => {
    const { text } = await output(
      shell('id -u; id -g; id -G; grep -E "^(NoNewPrivs|CapEff|CapInh)" /proc/self/status'),
    );
    const [uid, group, groups, ...more] = text.trim().split('\n');
    expect(uid).toBe(NOBODY);
    expect(Number(group)).toBeGreaterThanOrEqual(0x7000_0000);
    expect(groups).toBe(`${group} ${NOBODY}`);
    expect(more.map((line) => line.replace(/\s+/, ' '))).toEqual([
      'CapInh: 0000000000000000',
      'CapEff: 0000000000000000',
      'NoNewPrivs: 1',
    ]);
  });

  it('find the variables that they ask for, by which nobody else is led', async () => {
    const who = 'id -u >>"$BATON_CARRIED_OUT" 2>/dev/null; id -u >>"$OUT"';
    const tools = ['mkfifo', 'sync', 'setpriv', 'sleep', 'grep'];
    const files = Object.fromEntries(
      tools.map((name) => [`bin/${name}`, { text: `#!/bin/sh\n${who}\n`, executable: true }]),
    );
    const code = await storeManifest(world.blobs, files);
    const out = join(world.folder, 'led');
    writeFileSync(out, '');
    chmodSync(out, 0o666);
    const env = {
      PATH: 'bin:/usr/bin:/bin',
      OUT: out,
      QUOTED: `a "b" 'c' $d\n\`e\` \\`,
      IFS: ',',
      host: 'mine',
      UID: '5',
    };
    const { result, text } = await output(
      shell('sync; printf "%s|%s|%s" "$QUOTED" "$host" "$(env | /bin/grep -c CARRIED)"', { code, env }),
    );
    expect(result).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(text).toBe(`${env.QUOTED}|mine|0`);
    // By the one that it calls itself.
    expect(readFileSync(out, 'utf8').trim().split('\n')).toEqual([NOBODY]);
  });

  it('find code, data and folders as ever, and leave artifacts, metrics and checkpoints', async () => {
    const code = await storeManifest(world.blobs, {
      'src/main.sh': { text: 'cat data/x; echo mine >> data/x', executable: true },
      'data/x': { text: 'code' },
    });
    const digest = await storeManifest(world.blobs, { 'a/b.txt': { text: 'data' } });
    const script = [
      './src/main.sh && cat data/x "$BATON_DATASET_DIR/digits/a/b.txt"',
      'echo x > "$BATON_DATASET_DIR/digits/a/c" || echo "data is read-only"',
      'echo tmp > "$TMPDIR/t"; echo loss=0.5; echo also >> /dev/stdout; echo hidden >> /dev/stderr',
      'mkdir "$BATON_OUTPUT_DIR/sub"; echo weights > "$BATON_OUTPUT_DIR/sub/w"; chmod 000 "$BATON_OUTPUT_DIR/sub/w"',
      'ln /etc/hostname "$BATON_OUTPUT_DIR/stolen" 2>/dev/null; ln /etc/hostname "$BATON_CHECKPOINT_DIR/stolen" 2>/dev/null',
      'echo 7 > "$BATON_CHECKPOINT_DIR/epoch"; exit 9',
    ].join('\n');
    const spec = shell(script, { code, datasets: [{ as: 'digits', digest }] });
    const { result, text } = await output(spec);
    expect(text).toBe('codecodemine\ndatadata is read-only\nloss=0.5\nalso\n');
    expect(result).toMatchObject({ exitCode: 9, finalMetrics: { loss: 0.5 } });
    const files = async (summary: { digest: string } | null | undefined) =>
      (JSON.parse((await world.blobs.read(summary?.digest ?? '')).toString()) as Manifest).files.map(
        ({ path }) => path,
      );
    expect(await files(result.artifacts)).toEqual(['sub/w']);
    expect(await files(result.checkpoints)).toEqual(['epoch']);
    const retry = shell('cat "$BATON_CHECKPOINT_DIR/epoch"; echo 8 > "$BATON_CHECKPOINT_DIR/epoch"; exit 1', {
      jobId: spec.jobId,
      attempt: 2,
    });
    expect((await output(retry)).text).toBe('7\n');
  });

  it('find checkpoints that come from another node, and may write them', async () => {
    const checkpoints = await storeManifest(world.blobs, { 'deep/epoch': { text: '41' } });
    const script =
      'cat "$BATON_CHECKPOINT_DIR/deep/epoch"; echo 42 > "$BATON_CHECKPOINT_DIR/deep/epoch" && touch "$BATON_CHECKPOINT_DIR/new" && echo written';
    expect((await output(shell(script, { checkpoints }))).text).toBe('41written\n');
  });

  it("can't touch what is the agent's: ends, grants, secrets, journal, cache", async () => {
    world.scheduler.secretValues = { API_KEY: 'hunter2-very-secret' };
    const script = [
      'root=$(dirname "$PWD"); agent=$(dirname "$(dirname "$root")")',
      'for path in "$root/run" "$root/run/exit" "$root/run/granted" "$root/run/pid" "$root/secrets" "$agent/journal.ndjson" "$agent/cache/trees" "$agent/checkpoint-notes"; do',
      '  (cat "$path" || ls "$path/") >/dev/null 2>&1 && echo "can read $path"',
      '  (echo x > "$path" || touch "$path/x") 2>/dev/null && echo "can write $path"',
      'done',
      'for folder in "$root" "$agent" "$agent/attempts" "$agent/checkpoints"; do ls "$folder" >/dev/null 2>&1 && echo "can list $folder"; touch "$folder/x" 2>/dev/null && echo "can write into $folder"; done',
      'mv "$PWD" "$root/away" 2>/dev/null && echo "can move"; rm "$root/stdout" 2>/dev/null && echo "can remove"',
      'echo end',
    ].join('\n');
    const { result, text } = await output(shell(script, { secrets: ['API_KEY'] }));
    expect(text).toBe('end\n');
    expect(result).toMatchObject({ reason: 'exited', exitCode: 0 });
    world.scheduler.secretValues = {};
  });

  it("can't reach another job of the same user, nor end what watches over either", async () => {
    const other = shell(
      'echo secret > "$HOME/mine"; echo saved > "$BATON_CHECKPOINT_DIR/mine"; echo ready; sleep 300',
      { devices: [slot(0)] },
    );
    world.scheduler.want(other);
    await eventually(async () => (await world.log(other, 'stdout')).includes('ready'), 'it runs');
    const root = world.attemptFolder(other);
    const supervisor = supervisorOf(world, other);
    const [member = 0] = membersOf(world, other);
    const paths = [
      `${root}/work/mine`,
      `${root}/stdout`,
      `${root}/secrets`,
      join(world.folder, 'agent/checkpoints', other.jobId, 'mine'),
    ];
    const hidden = ['environ', 'mem', 'cwd/mine', 'root/etc/hostname', 'fd/1'].map((name) => `/proc/${member}/${name}`);
    const script = [
      ...[...paths, ...hidden].map((path) => `head -c 1 ${path} >/dev/null 2>&1 && echo "can read ${path}"`),
      `kill -KILL ${supervisor} 2>/dev/null && echo "can end the other's supervisor"`,
      'kill -KILL $PPID 2>/dev/null && echo "can end its own supervisor"; kill -KILL $(cat "$(dirname "$PWD")/run/pid" 2>/dev/null) 2>/dev/null && echo "found it"',
      'echo end',
    ].join('\n');
    const spy = shell(script, { devices: [slot(1)] });
    world.scheduler.want(other, spy);
    expect(await world.scheduler.ended(spy)).toMatchObject({ exitCode: 0 });
    expect((await world.log(spy, 'stdout')).toString()).toBe('end\n');
    // The test sees them: it is the other user that does not.
    for (const path of paths.slice(0, 3)) expect(existsSync(path)).toBe(true);
    world.scheduler.want({ ...other, want: 'stop' });
    await world.scheduler.ended(other);
  });

  it('wait behind a running one, start early, and take their turn', async () => {
    const first = shell('while [ ! -e "$BATON_CHECKPOINT_DIR/stop" ]; do sleep 0.01; done');
    const behind = { count: 1, pool: first.devices, predecessors: [{ jobId: first.jobId, attempt: 1 }] };
    const waiting = shell('echo ran; exit 0', { devices: [], behind });
    const early = {
      ...shell(''),
      command: ['baton-take', '--', 'sh', '-c', 'echo took; id -u'],
      devices: [],
      behind,
      earlyStart: true,
    };
    world.scheduler.want(first, early, waiting);
    const typesOf = (spec: DesiredAttempt) => world.scheduler.of(spec).map(({ type }) => type);
    await eventually(() => [early, waiting].every((spec) => typesOf(spec).includes('staged')), 'both wait');
    writeFileSync(join(world.folder, 'agent/checkpoints', first.jobId, 'stop'), '');
    await world.scheduler.ended(early);
    expect(typesOf(early)).toEqual(['staged', 'started', 'taken', 'released', 'ended']);
    expect((await world.log(early, 'stdout')).toString()).toBe(`took\n${NOBODY}\n`);
    expect(await world.scheduler.ended(waiting)).toMatchObject({ exitCode: 0, lastLines: ['ran'] });
  });

  it('end with their supervisor, and are found again by the next agent', async () => {
    const spec = shell('(setsid sleep 300 &); sleep 301');
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await agent.kill();
    agent = await startAgent();
    await eventually(
      () => world.scheduler.reported.some((one) => one.jobId === spec.jobId && one.phase === 'running'),
      'it is found again',
    );
    process.kill(supervisorOf(world, spec), 'SIGKILL');
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost' });
    expect(membersOf(world, spec)).toEqual([]);
  });

  it("say so where their command is out of that user's reach", async () => {
    const folder = join(world.folder, 'closed');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'train'), '#!/bin/sh\ntrue\n', { mode: 0o755 });
    const { result } = await output({ ...shell(''), command: [join(folder, 'train')] });
    expect(result.reason).toBe('bad-input');
    expect(result.message).toMatch(/Permission denied/);
  });

  it.each([
    ['no-such-user', 'there is no such user'],
    ['root', 'that is root'],
    ['0:0', 'that is root'],
    ['not a user', 'BATON_JOB_USER'],
  ])('are refused at the start as %s', async (user, why) => {
    const refused = await world.startAgent({ BATON_JOB_USER: user, BATON_AGENT_FOLDER: join(world.folder, 'refused') });
    await eventually(() => refused.logged() !== '', 'it says why');
    expect(refused.logged()).toContain(why);
  });

  it('are refused at the start where that user can not get to them, with the folder', async () => {
    const folder = join(world.folder, 'private');
    mkdirSync(folder, { mode: 0o700 });
    const refused = await startAgent({ BATON_AGENT_FOLDER: join(folder, 'agent') });
    await eventually(() => refused.logged().includes(`can't reach ${folder}/agent/attempts`), 'it says so');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});

it('jobs as another user are refused where the agent is not root', async () => {
  const spy = vi.spyOn(process, 'getuid').mockReturnValue(1_000);
  const paths = new StatePaths('/nowhere');
  const opening = JobUser.open({ user: NOBODY, setpriv: '/usr/bin/setpriv', path: '/usr/bin', paths, tools: '/' });
  await expect(opening).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining('not root') as string,
  });
  spy.mockRestore();
});
