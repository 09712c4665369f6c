// A long log of jobs: each submitted, assigned, started and ended, some failing first, as the scheduler would have written them.
import { createHash } from 'node:crypto';
import type { AttemptResult, Commit, JobEvent, PinnedSpec } from '@baton/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';

const START = Date.UTC(2026, 0, 1);
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const NODE = `nod_${'a'.repeat(26)}`;
const OWNER = `usr_${'b'.repeat(26)}`;
/** Jobs whose commits are between each other's: as many as run at once. */
const AT_ONCE = 64;
/** In flight to the server, which takes no more than ten thousand. */
const WINDOW = 2_048;

export const EVENTS_PER_JOB = 6;

interface Message {
  readonly subject: string;
  readonly bytes: Buffer;
  readonly commitId: string;
}

/**
 * Publishes about so many events; how many there are. What one connection publishes the server takes in its order: the answer to
 * every so many stands for those before it. That each was taken is seen in the end.
 */
export async function writeLongLog(connection: NatsConnection, events: number): Promise<number> {
  const jobs = Math.ceil(events / EVENTS_PER_JOB);
  let written = 0;
  for (let first = 0; first < jobs; first += AT_ONCE) {
    for (const { subject, bytes, commitId } of interleaved(first, Math.min(AT_ONCE, jobs - first))) {
      written += 1;
      const made = headers();
      made.set('Nats-Msg-Id', commitId);
      if (written % WINDOW === 0) await connection.request(subject, bytes, { headers: made, timeout: 60_000 });
      else connection.publish(subject, bytes, { headers: made });
    }
  }
  await connection.flush();
  const { state } = await (await jetstreamManager(connection)).streams.info('JOBS');
  if (state.last_seq !== written) throw new Error(`${state.last_seq} commits are in the log of ${written}`);
  return jobs * EVENTS_PER_JOB;
}

function* interleaved(first: number, count: number): Generator<Message> {
  const lives = Array.from({ length: count }, (_, index) => lifeOf(first + index));
  for (let step = 0; step < 5; step += 1) {
    for (const life of lives) {
      const next = life.next();
      if (next.done !== true) yield next.value;
    }
  }
}

/** Its five commits, each chained to the one before. */
function* lifeOf(index: number): Generator<Message> {
  const id = `job_${idOf(index)}`;
  const at = START + index * 1_000;
  const steps: readonly (readonly JobEvent[])[] = [
    [
      {
        type: 'JobSubmitted',
        v: 1,
        data: { spec: specOf(index), ownerId: OWNER, groupId: null, visibility: 'private' },
      },
    ],
    [{ type: 'JobAssigned', v: 1, data: { attempt: 1, nodeId: NODE, devices: [`cpu-${index % AT_ONCE}`] } }],
    [{ type: 'AttemptStarting', v: 1, data: { attempt: 1 } }],
    [{ type: 'AttemptStarted', v: 1, data: { attempt: 1, startedAt: at + 20 } }],
    [
      { type: 'AttemptEnded', v: 1, data: { attempt: 1, result: resultAt(at) } },
      { type: 'JobSucceeded', v: 1, data: {} },
    ],
  ];
  let prevHash = '';
  for (const [step, events] of steps.entries()) {
    const commit: Commit = {
      envelopeV: 1,
      commitId: `${id}-${step}`,
      commandId: `${id}-command-${step}`,
      requestHash: '',
      actor: step === 0 ? OWNER : 'system:scheduler',
      credentialId: step === 0 ? `tok_${'c'.repeat(26)}` : 'system:scheduler',
      term: 1,
      correlationId: `${id}-request`,
      causationId: `${id}-request`,
      revision: step + 1,
      prevHash,
      at: at + step * 10,
      events: [...events],
    };
    const bytes = Buffer.from(JSON.stringify(commit));
    prevHash = createHash('sha256').update(bytes).digest('hex');
    yield { subject: `evt.job.${id}`, bytes, commitId: commit.commitId };
  }
}

function specOf(index: number): PinnedSpec {
  return {
    name: `train-${index}`,
    code: null,
    command: ['python', 'train.py', '--epochs', '20', '--seed', String(index)],
    datasets: [],
    env: { OMP_NUM_THREADS: '4', WANDB_MODE: 'offline' },
    secrets: [],
    resources: { gpus: 0, cpus: 1, memoryBytes: 2 ** 30 },
    nodeId: null,
    timeLimitMs: 3_600_000,
    retries: 1,
    environment: {},
    outputs: { model: null },
    labels: { project: `project-${index % 20}` },
  };
}

function resultAt(at: number): AttemptResult {
  const lines = ['epoch 19 loss=0.0312', 'epoch 20 loss=0.0307', 'saved weights.onnx'];
  return {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: '',
    lastLines: lines,
    finalMetrics: { loss: 0.0307, accuracy: 0.981 },
    artifacts: null,
    startedAt: at + 20,
    endedAt: at + 40,
  };
}

/** 26 characters, different for each index. */
function idOf(index: number): string {
  const digest = createHash('sha256').update(`job ${index}`).digest();
  return Array.from(digest.subarray(0, 26), (byte) => ALPHABET[byte & 31]).join('');
}
