// What may be done to an endpoint.
import type { EndpointEvent, Principal } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, it } from 'vitest';
import { type EndpointCommand, endpointDecider } from './endpoint.commands.ts';
import type { Target } from './endpoint.ts';

const id = (prefix: string, letter: string) => `${prefix}_${letter.repeat(26)}`;
const person = (letter: string, role: Principal['role'] = 'user'): Principal => ({
  kind: 'user',
  userId: id('usr', letter),
  role,
  groups: [id('grp', 'g')],
  credentialId: id('tok', letter),
});
const target = (version: number): Target => ({
  modelId: id('mdl', 'm'),
  modelName: 'm',
  version,
  digest: String(version).repeat(64),
});
const details = {
  name: 'digits',
  target: target(1),
  ownerId: id('usr', 'a'),
  groupId: id('grp', 'g'),
  visibility: 'group' as const,
};
const created: EndpointEvent = { type: 'EndpointCreated', v: 1, data: details };
const deleted: EndpointEvent = { type: 'EndpointDeleted', v: 1, data: {} };
const create: EndpointCommand = { type: 'CreateEndpoint', ...details };
const retarget = (by: Principal, version: number): EndpointCommand => ({
  type: 'RetargetEndpoint',
  by,
  target: target(version),
});
const remove = (by: Principal): EndpointCommand => ({ type: 'DeleteEndpoint', by });
const [owner, member] = [person('a'), person('b')];
const stranger: Principal = { ...person('c'), groups: [] };

describe('an endpoint', () => {
  it('is created once', () => {
    given(endpointDecider).when(create).then(created);
    given(endpointDecider, created).when(create).thenRefuses('conflict');
    given(endpointDecider, created, deleted).when(create).thenRefuses('conflict');
  });

  it('is retargeted by its owner and by admins', () => {
    const retargeted: EndpointEvent = { type: 'EndpointRetargeted', v: 1, data: { target: target(2) } };
    given(endpointDecider, created).when(retarget(owner, 2)).then(retargeted);
    given(endpointDecider, created)
      .when(retarget(person('z', 'admin'), 2))
      .then(retargeted);
  });

  it('does not change when it is retargeted to what it serves', () => {
    given(endpointDecider, created).when(retarget(owner, 1)).then();
  });

  it('refuses changes by those who may only read it', () => {
    given(endpointDecider, created).when(retarget(member, 2)).thenRefuses('forbidden');
    given(endpointDecider, created).when(remove(member)).thenRefuses('forbidden');
    given(endpointDecider, created)
      .when(remove({ ...owner, kind: 'job' }))
      .thenRefuses('forbidden');
  });

  it('is not there for those who may not read it', () => {
    given(endpointDecider, created).when(remove(stranger)).thenRefuses('not_found');
  });

  it('is not there before it is created and after it is deleted', () => {
    given(endpointDecider).when(remove(owner)).thenRefuses('not_found');
    given(endpointDecider, created).when(remove(owner)).then(deleted);
    given(endpointDecider, created, deleted).when(remove(owner)).thenRefuses('not_found');
    given(endpointDecider, created, deleted).when(retarget(owner, 2)).thenRefuses('not_found');
  });
});
