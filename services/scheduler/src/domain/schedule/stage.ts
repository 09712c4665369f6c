// The hand-off: which node's line a job that can't start now joins, so that all is in place when its devices come free.
import type { Behind, Device } from '@baton/contracts';
import { freeDevices, lacks, mustBeAlone, soundDevices } from './fit.ts';
import type { NodeSnapshot, PlacedAttempt, Shape } from './snapshot.ts';

/** Beyond one promise for each device: with jobs of a moment, the one after next must be in place too. */
const SPARE_PROMISES = 1;

export interface Line {
  readonly node: NodeSnapshot;
  /** Free already; they wait with it. */
  readonly devices: readonly string[];
  readonly behind: Behind;
}

/** The shortest line that has room; null if none has. */
export function findLine(
  shape: Shape,
  nodes: Iterable<NodeSnapshot>,
  isClaimed: (node: NodeSnapshot) => boolean,
): Line | null {
  let best: { readonly line: Line; readonly length: number } | null = null;
  for (const node of nodes) {
    if (node.refuses !== null || lacks(shape, node).length > 0 || isClaimed(node)) continue;
    const length = promised(node, shape.deviceKind);
    const line = lineOn(node, shape, length);
    if (line && (best === null || length < best.length)) best = { line, length };
  }
  return best && best.line;
}

function lineOn(node: NodeSnapshot, shape: Shape, length: number): Line | null {
  const sound = soundDevices(node, shape).map((device) => device.id);
  if (sound.length < shape.devices || mustBeAlone(shape, node)) return null;
  const devices = freeDevices(node, shape)
    .slice(0, shape.devices)
    .map((device) => device.id);
  const count = shape.devices - devices.length;
  // All its devices are free, and something else is lacking: nothing to wait in line for.
  if (count === 0 || length + count > sound.length + SPARE_PROMISES) return null;
  const pool = sound.filter((device) => !devices.includes(device));
  const predecessors = node.attempts
    .filter((attempt) => holdsOrAwaits(attempt, pool))
    .map(({ jobId, attempt }) => ({ jobId, attempt }));
  return predecessors.length === 0 ? null : { node, devices, behind: { count, pool, predecessors } };
}

/** How many devices of a kind are promised to waiting attempts. */
function promised(node: NodeSnapshot, kind: Device['kind']): number {
  return node.attempts.reduce(
    (sum, { waiting, shape }) => sum + (waiting && shape.deviceKind === kind ? waiting.count : 0),
    0,
  );
}

function holdsOrAwaits({ devices, waiting }: PlacedAttempt, pool: readonly string[]): boolean {
  return devices.some((device) => pool.includes(device)) || (waiting?.pool.some((id) => pool.includes(id)) ?? false);
}
