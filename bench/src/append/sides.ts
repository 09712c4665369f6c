// The three ways of writing that are compared, on one nats-server: the port's append, the pipelined writer, and bare publishes.
import { randomUUID } from 'node:crypto';
import type { Commit } from '@baton/contracts';
import { newId, openJetStreamEventStore } from '@baton/event-store';
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Send } from './loop.ts';

export const SIDES = ['bare', 'append', 'writer'] as const;
export type Side = (typeof SIDES)[number];

/** A sender: calls of one sender never overlap. */
export type Sides = Readonly<Record<Side, () => Send>>;

const BARE_STREAM = 'BARE';

export async function openSides(connection: NatsConnection): Promise<Sides> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: BARE_STREAM, subjects: ['bare.*'], storage: StorageType.File });
  const events = await openJetStreamEventStore({ connection, stream: 'EVENTS', syncAlways: true });
  const jobs = await openJetStreamEventStore({ connection, stream: 'JOBS', syncAlways: true });
  const bus = jetstream(connection);
  const writer = jobs.openWriter({ after: 0 });
  return {
    bare() {
      const subject = `bare.${newId('dataset')}`;
      const bytes = Buffer.from(JSON.stringify(commitOf(1, '')));
      return () => bus.publish(subject, bytes);
    },
    append() {
      const ref = { aggregate: 'dataset', id: newId('dataset') } as const;
      let [position, revision, prevHash] = [0, 0, ''];
      return async () => {
        const commit = commitOf((revision += 1), prevHash);
        ({ position, hash: prevHash } = await events.append(ref, commit, { kind: 'aggregate', position }));
      };
    },
    writer() {
      const ref = { aggregate: 'job', id: newId('job') } as const;
      let [revision, prevHash] = [0, ''];
      return async () => {
        const { done } = writer.write(ref, commitOf((revision += 1), prevHash));
        prevHash = (await done).hash;
      };
    },
  };
}

/** As large as the commits of a job's life are on the average: about a kilobyte. */
function commitOf(revision: number, prevHash: string): Commit {
  return {
    envelopeV: 1,
    commitId: randomUUID(),
    commandId: randomUUID(),
    requestHash: 'f'.repeat(64),
    actor: 'usr_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    credentialId: 'tok_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    correlationId: 'bench',
    causationId: 'bench',
    revision,
    prevHash,
    at: 1_767_225_600_000,
    events: [{ type: 'DatasetChanged', v: 1, data: { description: 'd'.repeat(400) } }],
  };
}
