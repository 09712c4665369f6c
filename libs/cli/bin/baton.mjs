#!/usr/bin/env node
// The `baton` command as it is installed: finds a Node that is new enough, and runs the compiled program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const program = new URL('../dist/main.js', import.meta.url);
const workspaceNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

function giveUp(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The other Node has the terminal: signals reach it by themselves, so this one only waits. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, BATON_NODE: 'workspace' },
  });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('error', (error) => giveUp(`${node} can't be run: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

if (!existsSync(program)) {
  giveUp('The baton command is not built yet. Run `npm run build` in the repository first.');
} else if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // From the second start on, nothing is compiled any more.
  module.enableCompileCache?.();
  await import(program.href);
} else if (existsSync(workspaceNode) && process.env.BATON_NODE !== 'workspace') {
  runWith(workspaceNode);
} else {
  giveUp(
    `baton needs Node ${NEEDED} or newer; this is ${process.version}. Run \`npm install\` in the repository, or install a newer Node.`,
  );
}
