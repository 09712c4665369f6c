// `npm start`: the whole platform in one process group, for one machine.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('deploy/dist/bundle/launcher.js', args, await prepare('build', 'natsServer'));
}
