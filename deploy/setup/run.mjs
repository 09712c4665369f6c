// Installs what a task needs and runs it: node deploy/setup/run.mjs demo|start|agent|test|check|bench|simulate|simulate-faults|chaos|build [arguments].
const tasks = ['demo', 'start', 'agent', 'test', 'check', 'bench', 'simulate', 'simulate-faults', 'chaos', 'build'];
const oldestNode = 20;

async function runTask(name, args) {
  const { interruption, exitCodeOf } = await import('./process/interruption.mjs');
  const { explain } = await import('./setup-error.mjs');
  const { run } = await import(`./tasks/${name}.mjs`);
  try {
    return await run(args);
  } catch (error) {
    if (interruption.aborted) return exitCodeOf(interruption.reason);
    explain(error);
    return 1;
  }
}

async function main([name, ...args]) {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    console.error(
      `ERROR: this is Node ${process.versions.node}\n  -> install Node ${oldestNode} or newer (https://nodejs.org)`,
    );
    return 1;
  }
  if (!tasks.includes(name)) {
    console.error(`Usage: node deploy/setup/run.mjs ${tasks.join('|')} [arguments]`);
    return 2;
  }
  return runTask(name, args);
}

process.exitCode = await main(process.argv.slice(2));
