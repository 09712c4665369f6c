// The commands that work on a state folder are done by the platform's own code, which is built beside this.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LogAdmin } from '@baton/log-archive';
import type { Command } from 'commander';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

const ADMIN = new URL('../../../deploy/dist/bundle/admin.js', import.meta.url);

export async function loadAdmin(): Promise<LogAdmin> {
  if (!existsSync(ADMIN))
    throw new Failure(
      EXIT.failed,
      'This needs the platform itself: run it in a checkout of Baton, after `npm run build`.',
    );
  const { admin } = (await import(ADMIN.href)) as { admin: LogAdmin };
  return admin;
}

export interface HomeOption {
  readonly home?: string;
}

export function withHome(command: Command): Command {
  return command.option('--home <folder>', 'the state folder; default BATON_HOME, or .baton');
}

export function homeOf({ home }: HomeOption): string {
  return resolve(home ?? process.env['BATON_HOME'] ?? '.baton');
}
