// `baton secret ...`.
import { noun } from '../../verb.ts';
import { deleteSecret } from './delete.ts';
import { listSecrets } from './list.ts';
import { setSecret } from './set.ts';

export const secret = () =>
  noun('secret', 'values that jobs find in their environment', [setSecret(), listSecrets(), deleteSecret()]);
