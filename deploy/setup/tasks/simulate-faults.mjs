// `npm run simulate:faults -- --seeds N ...`: the platform's own code under random faults, in one process.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('deploy/dist/faults/main.js', args, await prepare('build'));
}
