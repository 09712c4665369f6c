// Nodes and shapes that random histories of an engine are made of.
import type { EngineNode, EngineShape } from '../domain/schedule/engine-model.ts';
import { anEngineNode, gpus, ONE_SLOT } from './cluster-builders.ts';

const GIB = 2 ** 30;

export const NODES: readonly EngineNode[] = [
  anEngineNode('nod_a', { gpu: 4, cpu: 2 }, { labels: { room: '1' } }),
  anEngineNode('nod_b', { gpu: 4, cpu: 1 }),
  anEngineNode('nod_c', { gpu: 2 }, { cpus: 4 }),
];
const SHAPES: readonly EngineShape[] = [
  gpus(1),
  gpus(1),
  gpus(1, { cpus: 3 }),
  gpus(2),
  gpus(2, { memoryBytes: 10 * GIB }),
  gpus(3),
  gpus(4),
  gpus(2, { nodes: 2 }),
  gpus(1, { nodes: 3 }),
  gpus(1, { exclusive: true }),
  gpus(1, { requiredLabels: { room: '1' } }),
  ONE_SLOT,
];
/** What there is to be used, and what is asked for. */
export interface Stock {
  readonly nodes: readonly EngineNode[];
  readonly shapes: readonly EngineShape[];
}
export const WHOLE: Stock = { nodes: NODES, shapes: SHAPES };
/** On two of the nodes jobs share devices, and most ask for parts. */
export const SHARED: Stock = {
  nodes: NODES.map((node) => (node.id === 'nod_b' ? node : { ...node, jobsPerDevice: node.id === 'nod_a' ? 3 : 20 })),
  shapes: [
    ...SHAPES,
    ...[1, 5, 7, 10, 10, 10, 13, 19].map((twentieths) => gpus(1, { twentieths })),
    gpus(1, { twentieths: 10, cpus: 3 }),
    gpus(1, { twentieths: 5, memoryBytes: 5 * GIB }),
    gpus(1, { twentieths: 10, requiredLabels: { room: '1' } }),
    { ...ONE_SLOT, twentieths: 10 },
    { ...ONE_SLOT, twentieths: 4 },
  ],
};
