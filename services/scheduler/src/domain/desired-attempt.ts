// A placed job as its agent is to have it.
import type { DesiredAttempt, Device } from '@baton/contracts';
import type { PlacedJob } from './job.ts';

export function desiredAttempt(jobId: string, state: PlacedJob, devices: readonly Device[]): DesiredAttempt {
  const { spec, attempt } = state;
  const { behind } = attempt;
  const described = (ids: readonly string[]) => devices.filter((device) => ids.includes(device.id));
  return {
    jobId,
    attempt: attempt.number,
    want: state.phase === 'stopping' ? 'stop' : attempt.isRevoking ? 'revoke' : 'run',
    jobName: spec.name,
    ownerId: state.ownerId,
    command: spec.command,
    env: spec.env,
    secrets: spec.secrets,
    code: spec.code?.digest ?? null,
    datasets: spec.datasets.map((dataset) => ({ as: dataset.as, digest: dataset.digest })),
    devices: described(attempt.devices),
    behind: behind && { ...behind, pool: described(behind.pool) },
    cpus: spec.resources.cpus,
    memoryBytes: spec.resources.memoryBytes,
    timeLimitMs: spec.timeLimitMs,
    graceMs: spec.graceMs ?? null,
    earlyStart: spec.earlyStart ?? false,
    checkpoints: state.checkpoints,
    environment: spec.environment,
  };
}
