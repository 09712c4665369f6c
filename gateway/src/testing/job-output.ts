// A running job, and its output as an agent publishes it.
import { type AttemptResult, type JobView, LOG_HEADER_AT, LOG_HEADER_OFFSET, subjects } from '@baton/contracts';
import type { JetStreamClient } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { ALICE } from './fixture.ts';

export const NODE = 'nod_nnnnnnnnnnnnnnnnnnnnnnnnnn';

export function runningJob(id: string): JobView {
  const attempt = {
    nodeId: NODE,
    nodeName: 'n',
    devices: ['cpu-0'],
    assignedAt: 1,
    startedAt: 1,
    endedAt: null,
    result: null,
  };
  const spec = {
    name: 'j',
    code: null,
    command: ['x'],
    datasets: [],
    env: {},
    secrets: [],
    nodeId: null,
    timeLimitMs: null,
    retries: 0,
    environment: {},
    labels: {},
  };
  return {
    id,
    revision: 4,
    createdAt: 1,
    updatedAt: 1,
    ownerId: ALICE,
    groupId: null,
    visibility: 'private',
    name: 'j',
    state: 'running',
    message: '',
    flags: { held: false, staged: false, unreachable: false, cancelRequested: false },
    counters: { userFailures: 0, infrastructureLosses: 0, preemptions: 0 },
    waiting: null,
    rerunOf: null,
    attempts: [{ attempt: 1, ...attempt }],
    spec: { ...spec, resources: { gpus: 0, cpus: 1, memoryBytes: 0 }, outputs: { model: null } },
  };
}

/** As its agent tells that it has ended. */
export function attemptResult(more: Partial<AttemptResult> = {}): AttemptResult {
  return {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: '',
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    startedAt: 1,
    endedAt: 2,
    ...more,
  };
}

export interface LogPlace {
  readonly output?: 'stdout' | 'stderr';
  readonly node?: string;
  readonly attempt?: number;
}

/** Gives its position in the stream. */
export async function publishLog(
  publisher: JetStreamClient,
  jobId: string,
  { text, offset, ...place }: LogPlace & { readonly text: string | Uint8Array; readonly offset: number },
): Promise<number> {
  const head = headers();
  head.set(LOG_HEADER_OFFSET, String(offset));
  head.set(LOG_HEADER_AT, '1000');
  const subject = subjects.log(place.node ?? NODE, jobId, place.attempt ?? 1, place.output ?? 'stdout');
  return (await publisher.publish(subject, text, { headers: head })).seq;
}
