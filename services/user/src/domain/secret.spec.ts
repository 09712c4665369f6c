// What a secret's commands guarantee.
import type { SecretEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, it } from 'vitest';
import { secretDecider } from './secret.commands.ts';

const data = { ownerId: 'usr_ada', name: 'HF_TOKEN' };
const set = (valueVersion: number): SecretEvent => ({ type: 'SecretSet', v: 1, data: { ...data, valueVersion } });
const deleted: SecretEvent = { type: 'SecretDeleted', v: 1, data: {} };

describe('a secret', () => {
  it('is set under versions that only grow, also after a deletion', () => {
    given(secretDecider)
      .when({ kind: 'SetSecret', ...data, valueVersion: 1 })
      .then(set(1));
    given(secretDecider, set(1))
      .when({ kind: 'SetSecret', ...data, valueVersion: 3 })
      .then(set(3));
    given(secretDecider, set(2))
      .when({ kind: 'SetSecret', ...data, valueVersion: 2 })
      .thenRefuses('conflict');
    given(secretDecider, set(2), deleted)
      .when({ kind: 'SetSecret', ...data, valueVersion: 2 })
      .thenRefuses('conflict');
    given(secretDecider, set(2), deleted)
      .when({ kind: 'SetSecret', ...data, valueVersion: 3 })
      .then(set(3));
  });

  it('is deleted only while it is there', () => {
    given(secretDecider, set(1)).when({ kind: 'DeleteSecret', name: 'HF_TOKEN' }).then(deleted);
    given(secretDecider).when({ kind: 'DeleteSecret', name: 'HF_TOKEN' }).thenRefuses('not_found');
    given(secretDecider, set(1), deleted).when({ kind: 'DeleteSecret', name: 'HF_TOKEN' }).thenRefuses('not_found');
  });
});
