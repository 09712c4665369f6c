// A placed job as its agent is to have it.
import { type DesiredAttempt, type Device, type GangPlace, partOf } from '@baton/contracts';
import type { Gang } from './gang.ts';
import type { Part, PlacedJob } from './job.ts';
import { engineShapeOf } from './schedule/engine-shape.ts';

/** `part` is what its node has of it. */
export function desiredAttempt(
  jobId: string,
  { state, part }: { readonly state: PlacedJob; readonly part: Part },
  devices: readonly Device[],
): DesiredAttempt {
  const { spec, attempt } = state;
  const { behind } = attempt;
  const described = (ids: readonly string[]) => devices.filter((device) => ids.includes(device.id));
  return {
    jobId,
    attempt: attempt.number,
    want: wanted(state),
    jobName: spec.name,
    ownerId: state.ownerId,
    command: spec.command,
    env: spec.env,
    secrets: spec.secrets,
    code: spec.code?.digest ?? null,
    datasets: spec.datasets.map((dataset) => ({ as: dataset.as, digest: dataset.digest })),
    devices: described(part.devices),
    ...devicePart(state.spec),
    behind: behind && { ...behind, pool: described(behind.pool) },
    ...gangPlace(attempt.gang, part.rank),
    cpus: spec.resources.cpus,
    memoryBytes: spec.resources.memoryBytes,
    timeLimitMs: spec.timeLimitMs,
    graceMs: spec.graceMs ?? null,
    earlyStart: spec.earlyStart ?? false,
    checkpoints: state.checkpoints,
    ...(spec.onNodeLoss === undefined ? {} : { onNodeLoss: spec.onNodeLoss }),
    environment: spec.environment,
  };
}

function devicePart(spec: PlacedJob['spec']): Pick<DesiredAttempt, 'devicePart'> {
  const { twentieths } = engineShapeOf(spec);
  return twentieths === undefined ? {} : { devicePart: partOf(twentieths) };
}

function wanted({ phase, attempt }: PlacedJob): DesiredAttempt['want'] {
  if (phase === 'stopping' || attempt.gang?.isStopping) return 'stop';
  return attempt.isRevoking ? 'revoke' : 'run';
}

function gangPlace(gang: Gang | null, rank: number | undefined): { gang?: GangPlace } {
  if (gang === null || rank === undefined) return {};
  const nodes = gang.ranks.map(({ name, address }) => ({ name, address }));
  return { gang: { rank, nodes, rendezvous: gang.rendezvous } };
}
