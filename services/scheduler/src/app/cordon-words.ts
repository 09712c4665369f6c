// Why a job waits for a cordoned node, in the words of whoever cordoned it.
import type { WaitReason } from '@baton/contracts';
import type { KnownNode } from '../domain/ledger.ts';
import { lacks } from '../domain/schedule/able.ts';
import type { EngineShape } from '../domain/schedule/engine-model.ts';
import { engineNode } from '../domain/schedule/engine-node.ts';

export function withCordonWords(wait: WaitReason, shape: EngineShape, nodes: readonly KnownNode[]): WaitReason {
  if (wait.code !== 'node-cordoned') return wait;
  const cordoned = nodes.filter(
    (node) => node.state.cordoned !== null && lacks(shape, engineNode(node, null)).length === 0,
  );
  const words = cordoned.map(
    ({ state }) => `${state.description.name} (${state.cordoned?.reason || 'no reason given'})`,
  );
  if (words.length === 0) return wait;
  return { ...wait, message: `What could hold it takes no new jobs for now: ${words.join(', ')}.` };
}
