// `npm run demo`: a guided tour on a platform of its own.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('deploy/dist/demo/main.js', args, await prepare('build', 'natsServer', 'python'));
}
