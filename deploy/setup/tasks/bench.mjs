// `npm run bench -- NAME`: one benchmark, together with what it measures.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('bench/dist/main.js', args, await prepare('build', 'natsServer', 'python'));
}
