// `npm start`: the whole platform in one process group, for one machine.
import { prepare } from '../prepare.mjs';
import { runNode } from '../process/foreground.mjs';

// With BATON_NATS_URL the platform uses somebody else's NATS server.
const parts = () => (process.env.BATON_NATS_URL ? ['build'] : ['build', 'natsServer']);

export async function run(args) {
  return runNode('deploy/dist/embedded/launcher.js', args, await prepare(...parts()));
}
