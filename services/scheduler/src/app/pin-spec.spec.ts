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
  pinSpec({ command: ['python', 'train.py'], ...spec }, caller, catalogue, {
    findNode: (ref) => (ref === 'box' ? 'nod_box' : undefined),
    classNames: () => ['normal', 'urgent'],
    now: () => 1_000,
  });
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

  it('keeps what it says about when and where it may run, and nothing of what it does not say', async () => {
    const where = { requires: { room: 'b' }, prefers: { rack: '1' }, exclusive: true } as const;
    const when = { class: 'urgent', keepsCheckpoints: true, onNodeLoss: 'requeue', hold: true } as const;
    expect(await pin({ ...where, ...when })).toMatchObject({ ...where, ...when });
    expect(await pin({ resources: { gpus: 1, gpuModel: 'A100', gpuMemory: '40GiB' } })).toMatchObject({
      resources: { gpus: 1, gpuModel: 'A100', gpuMemoryBytes: 40 * 2 ** 30 },
    });
    expect((await pin({ after: [{ job: 'job_a' }, { job: 'job_b', when: 'end' }] })).after).toEqual([
      { jobId: 'job_a', when: 'success' },
      { jobId: 'job_b', when: 'end' },
    ]);
    const not = { exclusive: false, keepsCheckpoints: false, onNodeLoss: 'wait', hold: false } as const;
    const plain = await pin({ requires: {}, prefers: {}, ...not });
    expect(plain).toEqual(await pin({}));
  });

  it('counts the time to begin at from now, or takes it as it is written', async () => {
    expect(await pin({ begin: 90 })).toMatchObject({ beginAt: 91_000 });
    expect(await pin({ begin: '2h' })).toMatchObject({ beginAt: 7_201_000 });
    expect(await pin({ begin: '2030-01-31T18:00:00+02:00' })).toMatchObject({ beginAt: Date.UTC(2030, 0, 31, 16) });
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
    [{ class: 'vip' }, '/class'],
    [{ resources: { gpuModel: 'A100' } }, '/resources/gpuModel'],
    [{ resources: { gpuMemory: '40GiB' } }, '/resources/gpuMemory'],
    [{ resources: { gpus: 1, gpuMemory: 'lots' } }, '/resources/gpuMemory'],
    [{ requires: { room: 'a' }, prefers: { room: 'b' } }, '/prefers/room'],
    [{ node: 'box', prefers: { room: 'b' } }, '/prefers'],
    [{ begin: 'tomorrow' }, '/begin'],
    [{ begin: '2030-01-31T18:00:00' }, '/begin'],
    [{ begin: '2030-13-31T18:00:00Z' }, '/begin'],
    [{ after: [{ job: 'job_a' }, { job: 'job_a', when: 'end' }] }, '/after/1/job'],
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
