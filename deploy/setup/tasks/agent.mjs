// `npm run agent -- URL`: this server as a node of a platform elsewhere; without an address, the one that it has joined.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('deploy/dist/bundle/agent.js', args.length > 0 ? ['join', ...args] : [], await prepare('build'));
}
