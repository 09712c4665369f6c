// `baton retention ...`.
import { noun } from '../../verb.ts';
import { sweepRetention } from './sweep.ts';

export const retention = () =>
  noun('retention', 'how long output and metrics are kept; the rules are in the policy', [sweepRetention()]);
