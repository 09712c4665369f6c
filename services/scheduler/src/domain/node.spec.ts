// The life of a node: added by an admin, joined once by token, heard, kept from jobs, removed for good.
import { given } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { aDescription } from '../testing/job-builders.ts';
import type { NodeEvent } from '@baton/contracts';
import { type NodeCommand, nodeDecider } from './node.commands.ts';
import { evolveNode, initialNode, type NodeState } from './node.ts';

const description = aDescription('box', { cpu: 1 });
const added: NodeEvent = { type: 'NodeAdded', v: 1, data: { name: 'box', secretHash: 's', expiresAt: 100, by: 'usr' } };
const joined: NodeEvent = { type: 'NodeJoined', v: 1, data: { publicKey: 'P', tokenHash: 't' } };
const registered: NodeEvent = { type: 'NodeRegistered', v: 1, data: description };
const cordoned: NodeEvent = { type: 'NodeCordoned', v: 1, data: { reason: 'fan', by: 'usr' } };
const uncordoned: NodeEvent = { type: 'NodeUncordoned', v: 1, data: { by: 'usr' } };
const removed: NodeEvent = { type: 'NodeRemoved', v: 1, data: { reason: 'old', by: 'usr', forced: false } };
const JOINED = [added, joined, registered];

const join = (change: Partial<Extract<NodeCommand, { type: 'Join' }>> = {}): NodeCommand => ({
  type: 'Join',
  publicKey: 'P',
  tokenHash: 't',
  now: 50,
  ...change,
});
const remove = (change: Partial<Extract<NodeCommand, { type: 'Remove' }>> = {}): NodeCommand => ({
  type: 'Remove',
  reason: 'old',
  by: 'usr',
  force: false,
  attempts: 0,
  heard: true,
  ...change,
});
const stateAfter = (events: readonly NodeEvent[]): NodeState => events.reduce(evolveNode, initialNode);
const known = (events: readonly NodeEvent[]) => {
  const state = stateAfter(events);
  if (state.phase !== 'known') throw new Error(`it is ${state.phase}`);
  return state;
};
const decide = (before: readonly NodeEvent[], command: NodeCommand) => nodeDecider.decide(command, stateAfter(before));

describe('a join token', () => {
  it('lets one agent in', () => {
    expect(decide([added], join())).toEqual([joined]);
  });
  it('answers the same agent again, whose answer was lost, also when it has been heard since', () => {
    expect(decide([added, joined], join({ now: 1_000 }))).toEqual([]);
    expect(decide(JOINED, join())).toEqual([]);
  });
  it.each([
    ['used', [added, joined], join({ publicKey: 'Q' })],
    ['used, by an agent with another token', [added, joined], join({ tokenHash: 'u' })],
    ['expired', [added], join({ now: 100 })],
    ['revoked', [added, removed], join()],
    ['unknown', [], join()],
  ] as const)('that is %s lets nobody in', (_why, before, command) => {
    expect(() => decide(before, command)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });
  it('is issued once for a node', () => {
    const again = { type: 'Add', name: null, secretHash: 'x', expiresAt: 1, by: 'usr' } as const;
    expect(() => decide([added], again)).toThrow(expect.objectContaining({ code: 'conflict' }));
  });
});

describe('a heartbeat', () => {
  it('registers a node that has joined, and one whose server is configured by hand', () => {
    given(nodeDecider, added, joined).when({ type: 'Hear', description }).then(registered);
    given(nodeDecider).when({ type: 'Hear', description }).then(registered);
  });
  it('of a removed node is refused', () => {
    expect(() => decide([...JOINED, removed], { type: 'Hear', description })).toThrow(
      expect.objectContaining({ code: 'forbidden' }),
    );
  });
  it('changes nothing of a cordon, also when the server has changed', () => {
    const changed: NodeEvent = { type: 'NodeChanged', v: 1, data: { ...description, cpus: 1 } };
    expect(known([...JOINED, cordoned, changed]).cordoned).toEqual({ reason: 'fan', by: 'usr' });
  });
  it('says that the server has changed when a device falls ill, and when it is well again', () => {
    const ill = { ...description, devices: description.devices.map((device) => ({ ...device, fault: 'ECC' })) };
    const [fell] = decide(JOINED, { type: 'Hear', description: ill });
    expect(fell).toEqual({ type: 'NodeChanged', v: 1, data: ill });
    expect(decide([...JOINED, fell as NodeEvent], { type: 'Hear', description })).toEqual([
      { type: 'NodeChanged', v: 1, data: description },
    ]);
  });
});

describe('a cordon', () => {
  it('stands with its reason and its author until it is lifted', () => {
    given(nodeDecider, ...JOINED)
      .when({ type: 'Cordon', reason: 'fan', by: 'usr' })
      .then(cordoned);
    given(nodeDecider, ...JOINED, cordoned)
      .when({ type: 'Uncordon', by: 'usr' })
      .then(uncordoned);
    expect(known([...JOINED, cordoned, uncordoned]).cordoned).toBeNull();
  });
  it('for the same reason is none anew, for another it is', () => {
    expect(decide([...JOINED, cordoned], { type: 'Cordon', reason: 'fan', by: 'other' })).toEqual([]);
    expect(decide([...JOINED, cordoned], { type: 'Cordon', reason: 'noise', by: 'other' })).toHaveLength(1);
    expect(decide(JOINED, { type: 'Uncordon', by: 'usr' })).toEqual([]);
  });
  it('is refused for a server that has never been heard', () => {
    expect(() => decide([added], { type: 'Cordon', reason: '', by: 'usr' })).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
  });
});

describe('a removal', () => {
  it('takes a node that has no jobs, and a token that nobody has used', () => {
    expect(decide(JOINED, remove())).toEqual([removed]);
    expect(decide([added], remove({ heard: false }))).toEqual([removed]);
  });
  it('is refused while jobs are on the node, unless by force', () => {
    expect(() => decide(JOINED, remove({ attempts: 2 }))).toThrow(/2 jobs are on it. Drain it first/);
    expect(decide(JOINED, remove({ attempts: 2, force: true }))).toEqual([
      { ...removed, data: { ...removed.data, forced: true } },
    ]);
  });
  it('is refused for a living agent whose credentials can not be revoked, also by force', () => {
    expect(() => decide([registered], remove({ force: true }))).toThrow(/Stop that agent first/);
    expect(decide([registered], remove({ heard: false }))).toEqual([removed]);
  });
  it('is for good', () => {
    expect(() => decide([...JOINED, removed], remove())).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});
