// `baton token ...`.
import { noun } from '../../verb.ts';
import { createToken } from './create.ts';
import { listTokens } from './list.ts';
import { revokeToken } from './revoke.ts';

export const token = () =>
  noun('token', 'API tokens, for programs that act as you', [createToken(), listTokens(), revokeToken()]);
