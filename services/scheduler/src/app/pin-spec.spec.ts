// Pinning a specification: names become versions, units numbers, and every fault has its pointer.
import type { JobSpec } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { PlatformError } from '@baton/errors';
import { pinOwnership, pinSpec } from './pin-spec.ts';
import type { Caller, Catalogue } from './ports.ts';

const caller: Caller = {
  principal: { kind: 'user', userId: 'usr_a', role: 'user', groups: [], credentialId: 'c' },
  meta: { requestId: 'r' },
};
const catalogue: Catalogue = {
  resolveCode: async (_caller, ref, version) => {
    if (ref === 'nothing') throw new PlatformError('not_found', 'There is no model nothing.');
    const kind = ref === 'weights' ? 'weights' : 'code';
    return { modelId: `id of ${ref}`, modelName: ref, version: version === 'latest' ? 7 : version, kind, digest: 'd' };
  },
  resolveDataset: async (_caller, ref, version) => ({
    datasetId: `id of ${ref}`,
    datasetName: ref,
    version: version === 'latest' ? 4 : version,
    digest: 'e',
  }),
  findGroup: async ({ principal }, ref) => {
    if (ref !== 'vision' || principal.groups.length === 0)
      throw new PlatformError('not_found', `There is no group ${ref}.`);
    return 'grp_v';
  },
  mayRegister: async (_caller, name) => name !== 'taken',
  missingSecrets: async (_owner, names) => names.filter((name) => name === 'MISSING'),
  resolveSecrets: async () => ({}),
  issueJobToken: async () => '',
};
const pin = (spec: Partial<JobSpec>) =>
  pinSpec({ command: ['python', 'train.py'], ...spec }, caller, catalogue, (ref) =>
    ref === 'box' ? 'nod_box' : undefined,
  );
const pointerOf = async (spec: Partial<JobSpec>) => {
  const error = await pin(spec).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof PlatformError ? [error.code, error.issues[0]?.pointer] : error;
};

describe('pinSpec', () => {
  it('pins latest at submit', async () => {
    const spec = await pin({ model: 'net', datasets: [{ dataset: 'digits' }] });
    expect(spec.code).toMatchObject({ version: 7 });
    expect(spec.datasets).toMatchObject([{ version: 4, as: 'digits' }]);
  });

  it('takes name@version', async () => {
    expect((await pin({ model: 'net@3' })).code).toMatchObject({ modelName: 'net', version: 3 });
  });

  it('normalises units', async () => {
    const spec = await pin({ resources: { memory: '4GiB' }, timeLimit: '1h30m', gracePeriod: '2m', node: 'box' });
    expect(spec.resources.memoryBytes).toBe(2 ** 32);
    expect(spec.timeLimitMs).toBe(5_400_000);
    expect(spec.graceMs).toBe(120_000);
    expect(await pin({ earlyStart: true })).toMatchObject({ earlyStart: true });
    expect(await pin({})).not.toHaveProperty('graceMs');
    const { environment } = await pin({ environment: { image: 'torch:2', network: 'bridge', shmSize: '1GiB' } });
    expect(environment).toEqual({ image: 'torch:2', network: 'bridge', shmSizeBytes: 2 ** 30 });
    expect(spec.nodeId).toBe('nod_box');
  });

  it('keeps how many nodes it needs, where that is more than one', async () => {
    expect(await pin({ nodes: 2 })).toMatchObject({ nodes: 2, nodeId: null });
    expect(await pin({ nodes: 2, environment: { image: 'torch:2', network: 'host' } })).toMatchObject({ nodes: 2 });
    expect(await pin({ nodes: 1, node: 'box' })).not.toHaveProperty('nodes');
  });

  it('names a job after its code or its program', async () => {
    expect((await pin({ model: 'net' })).name).toBe('net');
    expect((await pin({ command: ['/usr/bin/env'] })).name).toBe('env');
    expect((await pin({ command: ['./@!'] })).name).toBe('job');
  });

  it.each([
    [{ model: 'nothing' }, '/model'],
    [{ model: 'weights' }, '/model'],
    [{ model: 'net@x' }, '/model'],
    [{ resources: { memory: 'lots' } }, '/resources/memory'],
    [{ timeLimit: 'soon' }, '/timeLimit'],
    [{ gracePeriod: 'soon' }, '/gracePeriod'],
    [{ node: 'elsewhere' }, '/node'],
    [{ environment: { image: 'torch:2', python: '3.11' } }, '/environment/python'],
    [{ environment: { image: 'torch:2', requirements: 'r.txt' } }, '/environment/requirements'],
    [{ environment: { network: 'host' } }, '/environment/network'],
    [{ environment: { shmSize: '1GiB' } }, '/environment/shmSize'],
    [{ environment: { image: 'torch:2', shmSize: 'lots' } }, '/environment/shmSize'],
    [{ nodes: 2, node: 'box' }, '/node'],
    [{ nodes: 2, earlyStart: true }, '/earlyStart'],
    [{ nodes: 2, environment: { image: 'torch:2' } }, '/environment/network'],
    [{ secrets: ['THERE', 'MISSING'] }, '/secrets/1'],
    [{ outputs: { model: 'taken' } }, '/outputs/model'],
    [{ datasets: [{ dataset: 'a' }, { dataset: 'b', as: 'a' }] }, '/datasets/1/as'],
  ] satisfies [Partial<JobSpec>, string][])('refuses %j and points at %s', async (spec, pointer) => {
    expect(await pointerOf(spec)).toEqual(['invalid_input', pointer]);
  });
});

describe('pinOwnership', () => {
  const member: Caller = { ...caller, principal: { ...caller.principal, groups: ['grp_v'] } };
  const owned = (spec: Pick<JobSpec, 'group' | 'visibility'>, by = member) => pinOwnership(spec, by, catalogue);

  it('pins a group to its id, and is open to it unless the job says otherwise', async () => {
    expect(await owned({ group: 'vision' })).toEqual({ ownerId: 'usr_a', groupId: 'grp_v', visibility: 'group' });
    expect(await owned({ group: 'vision', visibility: 'private' })).toMatchObject({
      groupId: 'grp_v',
      visibility: 'private',
    });
  });

  it('is private without a group, and asks nobody', async () => {
    expect(await owned({}, caller)).toEqual({ ownerId: 'usr_a', groupId: null, visibility: 'private' });
    expect(await owned({ visibility: 'everyone' }, caller)).toMatchObject({ groupId: null, visibility: 'everyone' });
  });

  it('refuses a group that the caller may not name, and visibility "group" without one', async () => {
    await expect(owned({ group: 'vision' }, caller)).rejects.toMatchObject({ code: 'not_found' });
    await expect(owned({ visibility: 'group' })).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ pointer: '/visibility' }],
    });
  });
});
