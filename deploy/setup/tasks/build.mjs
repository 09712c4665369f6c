// `npm run build`: compiles every workspace.
import { prepare } from '../prepare.mjs';

export async function run() {
  await prepare('build');
  return 0;
}
