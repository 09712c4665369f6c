// `npm run chaos -- --kills N --seed S`: the real processes, killed under work, and every promise checked afterwards.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

export async function run(args) {
  return runNode('deploy/dist/chaos/main.js', args, await prepare('build', 'natsServer', 'python'));
}
