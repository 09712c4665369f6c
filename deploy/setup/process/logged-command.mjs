// Runs an installer's command with its output in a log file; a failure names the log and its last lines.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logsFolder, root } from '../paths.mjs';
import { SetupError } from '../setup-error.mjs';
import { machinePath } from './executables.mjs';
import { interruption } from './interruption.mjs';

const shownLines = 4;

/** The lines that name an error, or else the last ones. */
function tellingLines(file, start) {
  const lines = readFileSync(file).subarray(start).toString().trimEnd().split('\n');
  const errors = lines.filter((line) => /error/i.test(line)).slice(0, shownLines);
  return (errors.length > 0 ? errors : lines.slice(-shownLines)).join('\n    ');
}

function exited(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}

/** Starts `command args`, appending to `<log>.log`; throws a SetupError unless it exits with 0. */
export async function runLogged(log, command, args, { env = {}, cwd = root } = {}) {
  mkdirSync(logsFolder, { recursive: true });
  const file = join(logsFolder, `${log}.log`);
  const output = openSync(file, 'a');
  const start = fstatSync(output).size;
  try {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: machinePath(), ...env },
      stdio: ['ignore', output, output],
      signal: interruption,
    });
    const status = await exited(child);
    if (status !== 0) {
      throw new SetupError(
        `${[command, ...args].join(' ')} ended with ${status}:\n    ${tellingLines(file, start)}`,
        `full log: ${file}`,
      );
    }
  } finally {
    closeSync(output);
  }
}
