// A placed job as its agent is to have it.
import type { DesiredAttempt, Device } from '@baton/contracts';
import type { PlacedJob } from './job.ts';

export function desiredAttempt(jobId: string, state: PlacedJob, devices: readonly Device[]): DesiredAttempt {
  const { spec, attempt } = state;
  return {
    jobId,
    attempt: attempt.number,
    want: state.phase === 'stopping' ? 'stop' : 'run',
    jobName: spec.name,
    ownerId: state.ownerId,
    command: spec.command,
    env: spec.env,
    secrets: spec.secrets,
    code: spec.code?.digest ?? null,
    datasets: spec.datasets.map((dataset) => ({ as: dataset.as, digest: dataset.digest })),
    devices: devices.filter((device) => attempt.devices.includes(device.id)),
    cpus: spec.resources.cpus,
    memoryBytes: spec.resources.memoryBytes,
    timeLimitMs: spec.timeLimitMs,
    environment: spec.environment,
  };
}
