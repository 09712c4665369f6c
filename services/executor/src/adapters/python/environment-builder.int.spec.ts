// Environments built with a real Python, from wheels made here: no network.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOBODY, skipsAsOther } from '../../testing/other-user.ts';
import { installedUv, openBlobs, openStaging } from '../../testing/staging-world.ts';
import { JobUser } from '../process/job-user.ts';
import { allProcesses, processCommand } from '../process/proc.ts';
import { EnvironmentBuilder, type FoundEnvironment } from './environment-builder.ts';
import { runTool } from './run-tool.ts';

const path = process.env['PATH'] ?? '';
let folder: TemporaryFolder;
let code: string;
let builder: EnvironmentBuilder;

beforeAll(async () => {
  process.env['UV_HTTP_RETRIES'] = '0';
  folder = await temporaryFolder('baton-python-');
  code = join(folder.path, 'code');
  mkdirSync(join(code, 'more'), { recursive: true });
  const wheels = join(folder.path, 'wheels');
  mkdirSync(wheels);
  wheel(wheels, 'leaf', '1.0', []);
  wheel(wheels, 'leaf', '2.0', []);
  wheel(wheels, 'old_branch', '1.0', ['leaf<2']);
  wheel(wheels, 'new_branch', '1.0', ['leaf>=2']);
  const local = `--no-index\n--find-links ${wheels}\n`;
  writeFileSync(join(code, 'none.txt'), '# nothing\n');
  writeFileSync(join(code, 'missing.txt'), 'file:///no/such/package.whl\n');
  writeFileSync(join(code, 'conflict.txt'), `${local}old_branch\nnew_branch\n`);
  writeFileSync(join(code, 'including.txt'), `${local}-r more/leaf.txt\n`);
  writeFileSync(join(code, 'more/leaf.txt'), 'leaf==1.0\n');
  writeFileSync(join(code, 'outside.txt'), '-r ../../secrets.txt\n');
  writeFileSync(join(code, 'unreachable.txt'), '--index-url http://127.0.0.1:9/simple\nleaf\n');
  writeFileSync(join(code, 'more/pyproject.toml'), project(wheels));
  builder = await newBuilder();
});
afterAll(() => folder.cleanup());

async function newBuilder(uv?: string): Promise<EnvironmentBuilder> {
  const { cache } = await openStaging(await openBlobs(folder.path), folder.path);
  return new EnvironmentBuilder({ cache, python: null, uv: uv ?? installedUv(), path, jobUser: null });
}

function find(from: EnvironmentBuilder, wanted: { requirements?: string; python?: string }, heard: string[] = []) {
  const run = { signal: new AbortController().signal, onProgress: (text: string) => heard.push(text) };
  return from.find(wanted, { codeFolder: code, hold: () => {} }, run);
}

async function versionOf(found: FoundEnvironment, name: string): Promise<string> {
  const script = `import importlib.metadata as m; print(m.version("${name}"))`;
  return (await runTool([join(found.pathFirst[0] ?? '', 'python'), '-c', script], path)).output.trim();
}

describe('an environment from requirements', () => {
  it('is built once for all who ask at the same time, and found again by the next agent', async () => {
    const found = await Promise.all([1, 2, 3].map(() => find(builder, { requirements: 'none.txt' })));
    const bin = found[0]?.pathFirst[0] ?? '';
    const { output } = await runTool([join(bin, 'python'), '-c', 'import sys; print(sys.prefix)'], path);
    expect(output.trim()).toBe(found[0]?.virtualEnvironment);
    const builtAt = statSync(bin).mtimeMs;
    expect(await find(await newBuilder(), { requirements: 'none.txt' })).toEqual(found[2]);
    expect(statSync(bin).mtimeMs).toBe(builtAt);
  }, 60_000);

  it('follows the files that it includes, and is another one when one of them changes', async () => {
    const heard: string[] = [];
    const one = await find(builder, { requirements: 'including.txt' }, heard);
    expect(await versionOf(one, 'leaf')).toBe('1.0');
    expect(heard).toContain('environment: installing 1 package');
    writeFileSync(join(code, 'more/leaf.txt'), 'leaf==2.0\n');
    const two = await find(builder, { requirements: 'including.txt' });
    expect(await versionOf(two, 'leaf')).toBe('2.0');
    expect(await versionOf(one, 'leaf')).toBe('1.0');
  }, 60_000);

  it("whose requirements conflict is bad input, with the resolver's words", async () => {
    const failed = find(builder, { requirements: 'conflict.txt' });
    await expect(failed).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/leaf ?<2[^]*leaf ?>=2|leaf ?>=2[^]*leaf ?<2/) as string,
    });
  }, 60_000);

  it("that can not be built is bad input, with the resolver's words", async () => {
    const failed = find(builder, { requirements: 'missing.txt' });
    await expect(failed).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('package.whl') as string,
    });
  }, 60_000);

  it("for which the index can not be reached is not the job's fault", async () => {
    await expect(find(builder, { requirements: 'unreachable.txt' })).rejects.toMatchObject({ code: 'unavailable' });
  }, 60_000);

  it('refuses files that are not in the code, also where they are included', async () => {
    await expect(find(builder, { requirements: '../x.txt' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(find(builder, { requirements: 'outside.txt' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('is built again when a build was cut off, or was called off', async () => {
    const environments = join(folder.path, 'agent', 'environments');
    const found = await find(builder, { requirements: 'none.txt' });
    const whole = join(environments, found.cached ?? '');
    rmSync(join(whole, 'complete'));
    rmSync(join(found.virtualEnvironment ?? '', 'bin'), { recursive: true });
    const again = await find(builder, { requirements: 'none.txt' });
    expect(statSync(join(again.pathFirst[0] ?? '', 'python')).isFile()).toBe(true);
    expect(readdirSync(whole)).toHaveLength(2);

    const calledOff = new AbortController();
    writeFileSync(join(code, 'other.txt'), '# another\n');
    const run = { signal: calledOff.signal, onProgress: () => calledOff.abort(new Error('called off')) };
    const failed = builder.find({ requirements: 'other.txt' }, { codeFolder: code, hold: () => {} }, run);
    await expect(failed).rejects.toThrow('called off');
    expect((await find(builder, { requirements: 'other.txt' })).virtualEnvironment).not.toBeNull();
  }, 60_000);

  it('runs behind everything else', async () => {
    const environment = join(folder.path, 'nice-code');
    mkdirSync(environment);
    const spy = join(folder.path, 'uv-that-tells');
    writeFileSync(spy, `#!/bin/sh\nnice > ${folder.path}/niceness\nexit 1\n`, { mode: 0o755 });
    await expect(find(await newBuilder(spy), { requirements: 'more/leaf.txt' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(readFileSync(join(folder.path, 'niceness'), 'utf8').trim()).toBe('19');
  });
});

describe('an environment from a pyproject.toml', () => {
  it('has what the project depends on', async () => {
    const found = await find(builder, { requirements: 'more/pyproject.toml' });
    expect(await versionOf(found, 'leaf')).toBe('1.0');
  }, 60_000);
});

describe('an interpreter', () => {
  it('that is not on the node is bad input', async () => {
    const failed = find(builder, { python: '/no/such/python' });
    await expect(failed).rejects.toMatchObject({ message: 'Python "/no/such/python" is not on this node.' });
    await expect(find(builder, { python: '9.99' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('of a virtual environment brings that environment with it', async () => {
    const { virtualEnvironment } = await find(builder, { requirements: 'none.txt' });
    const python = join(virtualEnvironment ?? '', 'bin', 'python');
    expect(await find(builder, { python })).toEqual({
      pathFirst: [join(virtualEnvironment ?? '', 'bin')],
      virtualEnvironment,
      cached: null,
    });
  }, 60_000);
});

const otherPython = '/usr/bin/python3';
const uv = installedUv();
describe.skipIf(uv === null || skipsAsOther('environments as another user', otherPython, uv))(
  'built as another user',
  () => {
    it("is what that user could make of it, and is root's when it is done", async () => {
      chmodSync(folder.path, 0o711);
      const { cache, paths } = await openStaging(await openBlobs(folder.path), folder.path, {
        folder: join(folder.path, 'other'),
      });
      const [setpriv, tools] = ['/usr/bin/setpriv', '/'];
      const jobUser = await JobUser.open({ user: NOBODY, setpriv, path, paths, tools });
      const asOther = new EnvironmentBuilder({ cache, python: otherPython, uv, path: '/usr/bin:/bin', jobUser });
      writeFileSync(join(folder.path, 'other', 'journal.ndjson'), 'secret', { mode: 0o600 });
      writeFileSync(join(code, 'spying.txt'), `spy @ file://${spyingProject(join(folder.path, 'other'))}\n`);
      const found = await find(asOther, { requirements: 'spying.txt' });
      const { output } = await runTool([join(found.pathFirst[0] ?? '', 'python'), '-m', 'spy'], path);
      expect(JSON.parse(output)).toEqual({ uid: Number(NOBODY), journal: 'PermissionError' });
      const venv = found.virtualEnvironment ?? '';
      expect(execFileSync('find', [join(venv, '..'), '!', '-user', 'root'], { encoding: 'utf8' })).toBe('');
      expect(readdirSync(join(venv, '..')).toSorted()).toEqual(['inputs', 'venv']);
      expect(allProcesses().filter(({ pid }) => processCommand(pid).includes('4711'))).toEqual([]);
    }, 120_000);
  },
);

describe('without uv', () => {
  it('pip builds it, also from a pyproject.toml', async () => {
    const { cache } = await openStaging(await openBlobs(folder.path), folder.path, {
      folder: join(folder.path, 'pip'),
    });
    const withPip = new EnvironmentBuilder({
      cache,
      python: withoutUv(),
      uv: null,
      path: '/usr/bin:/bin',
      jobUser: null,
    });
    const heard: string[] = [];
    const found = await find(withPip, { requirements: 'more/pyproject.toml' }, heard);
    expect(await versionOf(found, 'leaf')).toBe('1.0');
    expect(heard).toContain('environment: installing 1 package');
  }, 120_000);
});

/** The same interpreter under a path that has no uv beside it. */
function withoutUv(): string {
  const at = join(folder.path, 'python-alone');
  mkdirSync(at);
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)']).toString().trim();
  symlinkSync(python, join(at, 'python3'));
  return join(at, 'python3');
}

/** A package whose build looks around, and leaves a process behind. */
function spyingProject(agent: string): string {
  const at = join(folder.path, 'spy');
  mkdirSync(at);
  writeFileSync(
    join(at, 'pyproject.toml'),
    `[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "spy"\nversion = "1.0"\n`,
  );
  const backend = `
import json, os, subprocess, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    subprocess.Popen(["sleep", "4711"], start_new_session=True, env={}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        journal = open("${agent}/journal.ndjson").read()
    except Exception as error:
        journal = type(error).__name__
    seen = json.dumps({"uid": os.getuid(), "journal": journal})
    name = "spy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("spy.py", "print(" + repr(seen) + ")")
        wheel.writestr("spy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: spy\\nVersion: 1.0\\n")
        wheel.writestr("spy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("spy-1.0.dist-info/RECORD", "")
    return name
`;
  writeFileSync(join(at, 'backend.py'), backend);
  return at;
}

function project(wheels: string): string {
  return `[project]
name = "trainer"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["leaf @ file://${wheels}/leaf-1.0-py3-none-any.whl"]
`;
}

/** A wheel is a zip file; Python makes it. */
function wheel(to: string, name: string, version: string, requires: readonly string[]): void {
  const info = `${name}-${version}.dist-info`;
  const metadata = ['Metadata-Version: 2.1', `Name: ${name}`, `Version: ${version}`];
  const files = {
    [`${name}.py`]: `VERSION = "${version}"\n`,
    [`${info}/METADATA`]: [...metadata, ...requires.map((one) => `Requires-Dist: ${one}`), ''].join('\n'),
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  };
  const script =
    'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  [z.writestr(k, v) for k, v in json.loads(sys.argv[2]).items()]';
  execFileSync('python3', ['-c', script, join(to, `${name}-${version}-py3-none-any.whl`), JSON.stringify(files)]);
}
