// The dataset aggregate: which command causes which events.
import type { DatasetEvent, Principal } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, it } from 'vitest';
import { datasetDecider } from './dataset.commands.ts';

const OWNER = `usr_${'a'.repeat(26)}`;
const principal: Principal = { kind: 'user', userId: OWNER, role: 'user', groups: [], credentialId: 'tok' };
const stranger: Principal = { ...principal, userId: `usr_${'b'.repeat(26)}` };
const content = (digit: string) => ({
  manifest: { digest: digit.repeat(64), fileCount: 1, sizeBytes: 3 },
  uploads: [],
});
const created: DatasetEvent = {
  type: 'DatasetCreated',
  v: 1,
  data: { name: 'digits', description: '', tags: [], ownerId: OWNER, groupId: null, visibility: 'private' },
};
const version = (number: number, digit: string): DatasetEvent => ({
  type: 'DatasetVersionAdded',
  v: 1,
  data: { version: number, ...content(digit) },
});
const deleted: DatasetEvent = { type: 'DatasetDeleted', v: 1, data: {} };

describe('a dataset', () => {
  it('is created once, owned by its creator', () => {
    given(datasetDecider)
      .when({ type: 'CreateDataset', principal, wanted: { name: 'digits' } })
      .then(created);
    given(datasetDecider, created)
      .when({ type: 'CreateDataset', principal, wanted: { name: 'digits' } })
      .thenRefuses('conflict');
    given(datasetDecider, created, deleted)
      .when({ type: 'CreateDataset', principal, wanted: { name: 'digits' } })
      .thenRefuses('conflict');
  });

  it('numbers its versions 1, 2, 3', () => {
    given(datasetDecider, created)
      .when({ type: 'AddDatasetVersion', principal, content: content('1') })
      .then(version(1, '1'));
    given(datasetDecider, created, version(1, '1'))
      .when({ type: 'AddDatasetVersion', principal, content: content('2') })
      .then(version(2, '2'));
  });

  it('takes the content of its latest version for that version, and older content for a new one', () => {
    const history = [created, version(1, '1'), version(2, '2')];
    given(datasetDecider, ...history)
      .when({ type: 'AddDatasetVersion', principal, content: content('2') })
      .then();
    given(datasetDecider, ...history)
      .when({ type: 'AddDatasetVersion', principal, content: content('1') })
      .then(version(3, '1'));
  });

  it('records a change of what differs, and nothing where nothing does', () => {
    given(datasetDecider, created)
      .when({ type: 'ChangeDataset', principal, wanted: { description: 'x', visibility: 'private' } })
      .then({ type: 'DatasetChanged', v: 1, data: { description: 'x' } });
    given(datasetDecider, created)
      .when({ type: 'ChangeDataset', principal, wanted: { description: '' } })
      .then();
  });

  it('refuses strangers without telling them that it exists, and readers with the reason', () => {
    const opened: DatasetEvent = { type: 'DatasetChanged', v: 1, data: { visibility: 'everyone' } };
    given(datasetDecider, created).when({ type: 'DeleteDataset', principal: stranger }).thenRefuses('not_found');
    given(datasetDecider, created, opened)
      .when({ type: 'DeleteDataset', principal: stranger })
      .thenRefuses('forbidden');
    given(datasetDecider, created).when({ type: 'DeleteDataset', principal }).then(deleted);
  });

  it('refuses everything once it is deleted', () => {
    const history = [created, version(1, '1'), deleted];
    given(datasetDecider, ...history)
      .when({ type: 'DeleteDataset', principal })
      .thenRefuses('not_found');
    given(datasetDecider, ...history)
      .when({ type: 'ChangeDataset', principal, wanted: {} })
      .thenRefuses('not_found');
    given(datasetDecider, ...history)
      .when({ type: 'AddDatasetVersion', principal, content: content('2') })
      .thenRefuses('not_found');
  });
});
