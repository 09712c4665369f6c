// The command in processes of its own, against the real platform, logged in as its first admin.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  embeddedPlatform,
  type EmbeddedPlatform,
  freePort,
  type TemporaryFolder,
  temporaryFolder,
} from '@baton/testkit';

export const BIN = fileURLToPath(new URL('../../bin/baton.mjs', import.meta.url));
const PASSWORD = 'correct horse';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandLine {
  readonly folder: TemporaryFolder;
  readonly platform: EmbeddedPlatform;
  readonly env: Readonly<Record<string, string | undefined>>;
  start(args: readonly string[], input?: string): { child: ChildProcess; ended: Promise<Ended> };
  stop(): Promise<void>;
}

export async function startCommandLine(): Promise<CommandLine> {
  const folder = await temporaryFolder();
  const platform = embeddedPlatform({
    home: join(folder.path, 'home'),
    port: await freePort(),
    servingPort: await freePort(),
    env: { BATON_CPU_SLOTS: '1' },
  });
  const env = {
    PATH: process.env['PATH'],
    HOME: folder.path,
    XDG_CONFIG_HOME: join(folder.path, 'config'),
    XDG_STATE_HOME: join(folder.path, 'state'),
  };
  const start: CommandLine['start'] = (args, input = '') => {
    const child = spawn(process.execPath, [BIN, ...args], { env, cwd: folder.path, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(input);
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { child, ended: ended.then(([out, err]) => ({ code: child.exitCode, out, err })) };
  };
  await platform.start();
  const account = ['--email', 'ada@example.com', '--name', 'Ada', '--password-stdin'];
  const signUp = ['login', '--url', platform.url, '--sign-up', platform.adminToken(), ...account];
  const { code, err } = await start(signUp, `${PASSWORD}\n`).ended;
  if (code !== 0) throw new Error(err);
  const stop = async () => {
    await platform.stop();
    await folder.cleanup();
  };
  return { folder, platform, env, start, stop };
}
