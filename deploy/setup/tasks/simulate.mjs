// `npm run simulate -- --trace FILE ...`: replays a trace of jobs through the scheduler's engine.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('deploy/dist/simulation/main.js', args, await prepare('build'));
}
