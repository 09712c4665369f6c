// How the pipelined writer uses its connection: many commits in one write, and nothing thrown at its end.
import { Socket } from 'node:net';
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PendingWrite } from '../stream-writer.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

let server: NatsServer;

beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(() => server.stop());

describe("the pipelined writer's connection", () => {
  it('carries what was written in one turn of the event loop six at a time, and the rest at its end', async () => {
    const connection = await connect({ servers: server.url });
    const store = await openJetStreamEventStore({ connection, stream: 'JOBS', syncAlways: true });
    const writer = store.openWriter({ after: 0 });
    const pieces = vi.spyOn(Socket.prototype, 'write');
    const writes: PendingWrite[] = [];
    for (let count = 0; count < 20; count += 1) {
      writes.push(...writeChain(writer, 1));
      // Others run in between, as they do where each request has a promise of its own.
      for (let steps = 0; steps < 5; steps += 1) await Promise.resolve();
    }
    await Promise.all(writes.map((write) => write.done));
    const texts = pieces.mock.calls.map(([piece]) => Buffer.from(piece as Uint8Array).toString());
    const withCommits = texts.filter((text) => text.includes('HPUB evt.job.'));
    pieces.mockRestore();
    expect(withCommits.map((text) => text.split('HPUB evt.job.').length - 1)).toEqual([6, 6, 6, 2]);
    writer.close();
    await connection.close();
  });

  it('may end while commits are written: each is told its outcome, and nothing is thrown elsewhere', async () => {
    const connection = await connect({ servers: server.url });
    const store = await openJetStreamEventStore({ connection, stream: 'JOBS', syncAlways: true });
    const writer = store.openWriter({ after: 0 });
    const writes: PendingWrite[] = [];
    const drained = connection.drain();
    while (writer.state === 'open') {
      writes.push(...writeChain(writer, 1));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await drained;
    const results = await Promise.allSettled(writes.map((write) => write.done));
    for (const result of results.filter(({ status }) => status === 'rejected'))
      expect(result).toMatchObject({ reason: { code: 'outcome_unknown' } });
    expect(results.at(-1)?.status).toBe('rejected');
  });
});
