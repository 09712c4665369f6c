// What the model service has to know of a job, folded from its events, to register the weights that it leaves behind.
import type { JobEvent, Lineage, Owned } from '@baton/contracts';

/** An attempt that ended; the last one before success is what counts. */
interface EndedAttempt {
  readonly attempt: number;
  readonly artifactsDigest: string | null;
  readonly metrics: Readonly<Record<string, number>>;
}

interface Followed {
  /** The name that the weights are registered under. */
  readonly model: string;
  readonly ownership: Owned;
  readonly code: Lineage['code'] | null;
  readonly datasets: Lineage['datasets'];
  readonly nodeId: string | null;
  readonly ended: EndedAttempt | null;
}

export type JobRun =
  | { readonly status: 'unknown' }
  /** It asked for no registration. */
  | { readonly status: 'ignored' }
  | ({ readonly status: 'followed' } & Followed)
  | ({ readonly status: 'succeeded' } & Followed)
  | { readonly status: 'over' };

export const initialJobRun: JobRun = { status: 'unknown' };

export function evolveJobRun(run: JobRun, event: JobEvent): JobRun {
  if (event.type === 'JobSubmitted') return submitted(event.data);
  if (event.type === 'JobSucceeded') return succeeded(run);
  if (event.type === 'JobFailed' || event.type === 'JobCancelled') return { status: 'over' };
  if (event.type === 'JobAssigned' || event.type === 'AttemptEnded')
    return run.status === 'followed' ? attempted(run, event) : run;
  // What happens in between says nothing about what is left in the end.
  return run;
}

function succeeded(run: JobRun): JobRun {
  return run.status === 'followed' ? { ...run, status: 'succeeded' } : { status: 'over' };
}

function attempted<R extends Followed>(run: R, event: Extract<JobEvent, { type: 'JobAssigned' | 'AttemptEnded' }>): R {
  if (event.type === 'JobAssigned') return { ...run, nodeId: event.data.nodeId };
  const { artifacts, finalMetrics } = event.data.result;
  return {
    ...run,
    ended: { attempt: event.data.attempt, artifactsDigest: artifacts?.digest ?? null, metrics: finalMetrics },
  };
}

function submitted({
  spec,
  ownerId,
  groupId,
  visibility,
}: Extract<JobEvent, { type: 'JobSubmitted' }>['data']): JobRun {
  const model = spec.outputs.model;
  if (model === null) return { status: 'ignored' };
  return {
    status: 'followed',
    model,
    ownership: { ownerId, groupId, visibility },
    code: spec.code && { modelId: spec.code.modelId, version: spec.code.version, digest: spec.code.digest },
    datasets: spec.datasets.map(({ datasetId, version, digest }) => ({ datasetId, version, digest })),
    nodeId: null,
    ended: null,
  };
}

export interface Registration {
  readonly jobId: string;
  readonly model: string;
  readonly ownership: Owned;
  readonly attempt: number;
  readonly artifactsDigest: string;
  readonly lineage: Lineage;
}

/** What is to be registered after a job's success; null where it left no artifacts or asked for nothing. */
export function registrationOf(jobId: string, run: JobRun): Registration | null {
  if (run.status !== 'succeeded' || run.ended === null || run.ended.artifactsDigest === null) return null;
  const { attempt, artifactsDigest, metrics } = run.ended;
  const { model, ownership, code, datasets, nodeId } = run;
  const from = { ...(nodeId === null ? {} : { nodeId }), ...(code === null || code === undefined ? {} : { code }) };
  return {
    jobId,
    model,
    ownership,
    attempt,
    artifactsDigest,
    lineage: { jobId, attempt, ...from, datasets, metrics: { ...metrics } },
  };
}
