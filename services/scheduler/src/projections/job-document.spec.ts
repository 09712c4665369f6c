// The read model of a job on several nodes is found by each of them, and by none once it is back in the queue.
import type { JobEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { expect, it } from 'vitest';
import { event } from '../domain/job-event.ts';
import { aSpec } from '../testing/job-builders.ts';
import { type JobDocument, jobProjection } from './job-document.ts';

const submitted = event('JobSubmitted', { spec: aSpec(), ownerId: 'u', groupId: null, visibility: 'private' });
const rank = (nodeId: string) => ({ nodeId, name: nodeId, address: nodeId, devices: ['gpu-0'] });
const assigned = event('JobAssigned', {
  attempt: 1,
  nodeId: 'nod_a',
  devices: ['gpu-0'],
  ranks: [rank('nod_a'), rank('nod_b')],
});

function after(...events: JobEvent[]): JobDocument | null {
  const commit = (each: JobEvent, index: number) =>
    ({
      ref: { aggregate: 'job', id: 'job_a' },
      revision: index + 1,
      at: index,
      events: [each],
    }) as unknown as RecordedCommit;
  return events.map(commit).reduce<JobDocument | null>((document, each) => jobProjection.apply(document, each), null);
}

it('has all nodes of the newest attempt', () => {
  expect(after(submitted)?.onNodes).toEqual({});
  expect(after(submitted, assigned)).toMatchObject({ nodeId: 'nod_a', onNodes: { nod_a: true, nod_b: true } });
  const again = event('JobAssigned', { attempt: 2, nodeId: 'nod_c', devices: ['gpu-0'] });
  expect(after(submitted, assigned, again)?.onNodes).toEqual({ nod_c: true });
  expect(after(submitted, assigned, event('AttemptRevoked', { attempt: 1 }))?.onNodes).toEqual({});
});
