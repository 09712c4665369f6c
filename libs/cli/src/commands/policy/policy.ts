// `baton policy ...`.
import { noun } from '../../verb.ts';
import { applyPolicy } from './apply.ts';
import { policyHistory } from './history.ts';
import { showPolicy } from './show.ts';

export const policy = () =>
  noun('policy', 'how the scheduler decides whose job is next', [showPolicy(), applyPolicy(), policyHistory()]);
