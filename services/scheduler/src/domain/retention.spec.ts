// What is removed is removed once, and deleted after that.
import type { RetentionEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import { it } from 'vitest';
import { type RemoveContent, retentionDecider } from './retention.commands.ts';

const about = { jobId: `job_${'a'.repeat(26)}`, what: 'output', reason: 'age', sizeBytes: 5, at: 1 } as const;
const remove: RemoveContent = { type: 'Remove', ...about };
const removed: RetentionEvent = { type: 'ContentRemoved', v: 1, data: about };
const deleted: RetentionEvent = { type: 'ContentDeleted', v: 1, data: { what: 'output', at: 2 } };

it('is removed once, and its metrics by themselves', () => {
  given(retentionDecider).when(remove).then(removed);
  given(retentionDecider, removed).when(remove).then();
  given(retentionDecider, removed, deleted).when(remove).then();
  given(retentionDecider, removed)
    .when({ ...remove, what: 'metrics' })
    .then({ ...removed, data: { ...about, what: 'metrics' } });
});

it('is deleted after it was removed, and once', () => {
  const note = { type: 'NoteDeleted', what: 'output', at: 2 } as const;
  given(retentionDecider).when(note).thenRefuses('conflict');
  given(retentionDecider, removed).when(note).then(deleted);
  given(retentionDecider, removed, deleted).when(note).then();
});
