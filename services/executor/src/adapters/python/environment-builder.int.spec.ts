// Environments built with a real Python.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from './run-tool.ts';
import { EnvironmentBuilder } from './environment-builder.ts';

const path = process.env['PATH'] ?? '';
const signal = new AbortController().signal;
let folder: TemporaryFolder;
let code: string;
beforeAll(async () => {
  folder = await temporaryFolder('baton-python-');
  code = join(folder.path, 'code');
  mkdirSync(code);
  writeFileSync(join(code, 'none.txt'), '# nothing\n');
  writeFileSync(join(code, 'missing.txt'), 'file:///no/such/package.whl\n');
});
afterAll(() => folder.cleanup());
const builder = () => new EnvironmentBuilder({ folder: join(folder.path, 'environments'), python: null, path });

describe('an environment from requirements', () => {
  it('is built once for all who ask at the same time, and found again afterwards', async () => {
    const one = builder();
    const found = await Promise.all([1, 2, 3].map(() => one.find({ requirements: 'none.txt' }, code, signal)));
    const bin = found[0]?.pathFirst[0] ?? '';
    const { output } = await runTool([join(bin, 'python'), '-c', 'import sys; print(sys.prefix)'], path);
    expect(output.trim()).toBe(found[0]?.virtualEnvironment);
    const builtAt = statSync(bin).mtimeMs;
    expect(await builder().find({ requirements: 'none.txt' }, code, signal)).toEqual(found[2]);
    expect(statSync(bin).mtimeMs).toBe(builtAt);
  }, 60_000);

  it("that can not be built is bad input, with the resolver's words", async () => {
    const failed = builder().find({ requirements: 'missing.txt' }, code, signal);
    await expect(failed).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('package.whl') as string,
    });
  }, 60_000);

  it('refuses a file that is not in the code', async () => {
    await expect(builder().find({ requirements: '../x.txt' }, code, signal)).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('an interpreter', () => {
  it('that is not on the node is bad input', async () => {
    const failed = builder().find({ python: '/no/such/python' }, code, signal);
    await expect(failed).rejects.toMatchObject({ message: 'Python "/no/such/python" is not on this node.' });
    await expect(builder().find({ python: '9.99' }, code, signal)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('of a virtual environment brings that environment with it', async () => {
    const { virtualEnvironment } = await builder().find({ requirements: 'none.txt' }, code, signal);
    const python = join(virtualEnvironment ?? '', 'bin', 'python');
    expect(await builder().find({ python }, code, signal)).toEqual({
      pathFirst: [join(virtualEnvironment ?? '', 'bin')],
      virtualEnvironment,
    });
  }, 60_000);
});
