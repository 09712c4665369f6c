// Runs the task's own program: it has the terminal's output, and gets each request to stop exactly once.
import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { packageCommand, root } from '../paths.mjs';
import { exitCodeOf, stopSignals } from './interruption.mjs';

// One Ctrl-C reaches this process from the terminal and again from npm; a person's second one comes later.
const sameRequestMs = 400;

function forwardStopSignals(child) {
  const lastMs = new Map();
  const listeners = stopSignals.map((signal) => {
    const listener = () => {
      const nowMs = Date.now();
      if (nowMs - (lastMs.get(signal) ?? 0) > sameRequestMs) child.kill(signal);
      lastMs.set(signal, nowMs);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => listeners.forEach((remove) => remove());
}

const workspacePath = () => [packageCommand(''), process.env.PATH].join(delimiter);

/** Starts `command args` in a process group of its own, out of reach of the terminal's signals; resolves to its exit code. */
export async function runForeground(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: workspacePath(), ...env },
    stdio: 'inherit',
    detached: true,
  });
  const stopForwarding = forwardStopSignals(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? exitCodeOf(signal)));
    });
  } finally {
    stopForwarding();
  }
}

/** Like runForeground, with the workspace's Node and a script path relative to the repository. */
export const runNode = (script, args, env) => runForeground(packageCommand('node'), [script, ...args], env);
