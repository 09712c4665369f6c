// Writes jobs and users to the log as the scheduler and the user service do, for tests of what follows from them.
import { randomUUID } from 'node:crypto';
import {
  type AttemptResult,
  type EventsOf,
  EVENTS_STREAM,
  type jobEvents,
  JOBS_STREAM,
  type ManifestSummary,
  type Principal,
  type userEvents,
} from '@baton/contracts';
import type { Decider } from '@baton/decider';
import {
  commandContext,
  commandHandler,
  deriveId,
  newId,
  openJetStreamEventStore,
  type StoredEvent,
} from '@baton/event-store';
import type { Bus } from '@baton/messaging';

type JobEvent = EventsOf<typeof jobEvents>;
type UserEvent = EventsOf<typeof userEvents>;

/** Appends what it is told. */
function verbatim<E>(): Decider<readonly E[], null, E> {
  return { initialState: null, decide: (events) => events, evolve: () => null };
}

async function writer<E extends StoredEvent>(bus: Bus, aggregate: 'job' | 'user') {
  const stream = aggregate === 'job' ? JOBS_STREAM : EVENTS_STREAM;
  const store = await openJetStreamEventStore({ connection: bus.connection, stream, syncAlways: true });
  const handler = commandHandler<readonly E[], null, E>({
    store,
    decider: verbatim<E>(),
    aggregate,
    now: Date.now,
    newId: randomUUID,
  });
  const principal: Principal = {
    kind: 'system',
    userId: 'system:test',
    role: 'admin',
    groups: [],
    credentialId: 'system:test',
  };
  const context = () =>
    commandContext({ principal, meta: { requestId: randomUUID() }, subject: 'test', body: null, secret: 's' });
  return async (id: string, ...events: E[]): Promise<void> => void (await handler.execute(id, events, context()));
}

export interface JobWanted {
  readonly owner: Principal;
  readonly model: string | null;
  readonly artifacts: ManifestSummary | null;
  readonly ownership?: Partial<{ groupId: string; visibility: 'private' | 'group' | 'everyone' }>;
  readonly accuracy?: number;
}

export const CODE = { modelId: deriveId('model', '', 'code'), version: 2, digest: '2'.repeat(64) };
export const DATASET = { datasetId: deriveId('dataset', '', 'data'), version: 3, digest: '3'.repeat(64) };
export const NODE = deriveId('node', '', 'node');

export interface JobLog {
  submit(wanted: JobWanted): Promise<string>;
  succeed(jobId: string, wanted: JobWanted): Promise<void>;
  fail(jobId: string, wanted: JobWanted): Promise<void>;
}

export async function openJobLog(scheduler: Bus): Promise<JobLog> {
  const write = await writer<JobEvent>(scheduler, 'job');
  const end = async (jobId: string, wanted: JobWanted, outcome: JobEvent) => {
    await write(jobId, { type: 'JobAssigned', v: 1, data: { attempt: 1, nodeId: NODE, devices: ['cpu-0'] } });
    await write(jobId, { type: 'AttemptEnded', v: 1, data: { attempt: 1, result: resultOf(wanted) } }, outcome);
  };
  return {
    async submit({ owner, model, ownership }) {
      const jobId = newId('job');
      const owned = { ownerId: owner.userId, groupId: null, visibility: 'private', ...ownership } as const;
      await write(jobId, { type: 'JobSubmitted', v: 1, data: { spec: specOf(model), ...owned } });
      return jobId;
    },
    succeed: (jobId, wanted) => end(jobId, wanted, { type: 'JobSucceeded', v: 1, data: {} }),
    fail: (jobId, wanted) => end(jobId, wanted, { type: 'JobFailed', v: 1, data: { message: 'exited with 1' } }),
  };
}

export async function registerUser(users: Bus, { userId, role }: Principal): Promise<void> {
  const write = await writer<UserEvent>(users, 'user');
  await write(userId, { type: 'UserRegistered', v: 1, data: { email: 'e', name: 'n', passwordHash: 'h', role } });
}

function specOf(model: string | null) {
  return {
    name: 'train',
    code: { ...CODE, modelName: 'code' },
    command: ['python', 'train.py'],
    datasets: [{ ...DATASET, datasetName: 'digits', as: 'digits' }],
    env: {},
    secrets: [],
    resources: { gpus: 0, cpus: 1, memoryBytes: 0 },
    nodeId: null,
    timeLimitMs: null,
    retries: 0,
    environment: {},
    outputs: { model },
    labels: {},
  };
}

function resultOf({ artifacts, accuracy = 0.5 }: JobWanted): AttemptResult {
  return {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: 'exited with 0',
    lastLines: [],
    finalMetrics: { accuracy },
    artifacts,
    startedAt: 1,
    endedAt: 2,
  };
}
