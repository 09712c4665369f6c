// The command line as a program calls it: a process of its own, said by a client's user, or by nobody.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { natsServerBinary } from '@baton/testkit';
import type { BatonClient } from '@baton/sdk';

const BIN = fileURLToPath(new URL('../../libs/cli/bin/baton.mjs', import.meta.url));
const execute = promisify(execFile);

export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function baton(args: readonly string[], client?: BatonClient): Promise<Printed> {
  const caller = client && { BATON_URL: client.http.base, BATON_TOKEN: client.http.token ?? '' };
  const env = { ...process.env, BATON_NATS_SERVER: natsServerBinary(), ...caller };
  return execute(process.execPath, [BIN, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Printed) => ({ code, stdout, stderr }),
  );
}

/** What the command prints with `--json`; throws its words when it fails. */
export async function batonJson<T>(args: readonly string[], client?: BatonClient): Promise<T> {
  const { code, stdout, stderr } = await baton([...args, '--json'], client);
  if (code !== 0) throw new Error(`baton ${args.join(' ')} exited with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
