// When an attempt on a silent node may be counted as gone, and when not.
import { DEFAULT_POLICY, type Device } from '@baton/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeState } from '../domain/node.ts';
import { aDescription, aSpec } from '../testing/job-builders.ts';
import { Leader } from './leader.ts';
import { Leadership } from './leadership.ts';
import { NodeLeases } from './node-leases.ts';

const LEASE_MS = 60_000;
const MARGIN_MS = 15_000;
const NODE = 'nod_1';
const FENCE = { logs: 7, metrics: 3 };
const CPU: Device[] = aDescription('box', { cpu: 4, gpu: 0 }).devices;

let world: Awaited<ReturnType<typeof leading>>;
beforeEach(async () => void (world = await leading()));
afterEach(() => world.ended.abort());

async function leading() {
  const at = { monotonic: 1_000, isHeard: true, isHeardMeanwhile: false, isHeld: true, overlapMs: 0 };
  const ended = new AbortController();
  const losing = { now: Promise.withResolvers<void>() };
  const newLeader = () =>
    new Leader({
      log: { ...logOf(), flushed: async () => {}, confirmed: async () => {}, readJob: async () => [] },
      agents: { push: () => {} },
      ids: { newJobId: () => '', derivedJobId: () => '', memberJobId: () => '', newCommitId: () => 'cmt' },
      now: () => 1_000,
      nodes: () => nodes(),
      policy: () => DEFAULT_POLICY,
      bookings: () => [],
      installationId: 'ins',
      report: (error) => expect.unreachable(String(error)),
    });
  const description = aDescription('box', { cpu: 4, gpu: 0 });
  const state = { phase: 'known', reachable: true, cordoned: null, description } as unknown as NodeState & {
    phase: 'known';
  };
  const nodes = () => [{ id: NODE, heard: at.isHeard, state }];
  const commits: unknown[] = [];
  function logOf() {
    return {
      replay: async function* () {},
      issue: (_id: string, commit: unknown) => {
        commits.push(commit);
        return { position: commits.length, hash: '', durable: Promise.resolve() };
      },
    };
  }
  const lease = {
    acquire: async () => 0,
    isHeld: () => at.isHeld,
    overlapMs: () => at.overlapMs,
    lost: () => losing.now.promise,
    release: async () => {},
  };
  const never = new Promise<void>(() => {});
  const leadership = new Leadership({ lease, newLeader, logLost: () => never, report: () => {} });
  const leases = new NodeLeases({
    leadership,
    nodes: { known: nodes, heard: () => at.isHeard },
    now: () => 5_000,
    monotonic: () => at.monotonic,
    outputPositions: async () => {
      at.isHeard ||= at.isHeardMeanwhile;
      return FENCE;
    },
    leaseMs: LEASE_MS,
    marginMs: MARGIN_MS,
    report: (error) => expect.unreachable(String(error)),
  });
  const leads = () => new Promise<Leader>((resolve) => leadership.onLead(resolve));
  const first = leads();
  void leadership.run(ended.signal);
  return { at, leases, ended, losing, leads, commits, leader: await first };
}

function run(leader: Leader, id: string, onNodeLoss?: 'requeue'): void {
  const identity = leader.systemIdentity('test');
  const spec = aSpec(onNodeLoss === undefined ? {} : { onNodeLoss });
  const owned = { ownerId: 'usr', groupId: null, visibility: 'private' } as const;
  leader.execute(id, { type: 'Submit', spec, owned, rerunOf: null }, identity);
  leader.execute(id, { type: 'Assign', nodeId: NODE, devices: [CPU[0]?.id ?? ''] }, identity);
  leader.execute(id, { type: 'RecordStarting', attempt: 1 }, identity);
  leader.execute(id, { type: 'RecordStarted', attempt: 1, at: 2_000 }, identity);
}

/** The one before has lost its lease. */
function nextLeader(): Promise<Leader> {
  const { losing, leads } = world;
  const next = leads();
  const lost = losing.now;
  losing.now = Promise.withResolvers<void>();
  lost.resolve();
  return next;
}

const phaseOf = (id: string, leader = world.leader) => leader.ledger.active(id)?.state.phase;

describe('an attempt on a node that is not heard', () => {
  it('is started elsewhere when the lease and its margin are over, not a moment before', async () => {
    const { at, leases, leader, commits } = world;
    run(leader, 'job_1', 'requeue');
    at.monotonic = 50_000;
    expect(leases.renew(NODE)).toBe(LEASE_MS);
    at.isHeard = false;
    at.monotonic += LEASE_MS + MARGIN_MS - 1;
    await leases.check();
    expect(phaseOf('job_1')).toBe('running');
    at.monotonic += 1;
    await leases.check();
    expect(leader.ledger.active('job_1')?.state).toMatchObject({
      phase: 'queued',
      infrastructureLosses: 1,
      userFailures: 0,
    });
    // What comes of it behind that does not count.
    const result = expect.objectContaining({ reason: 'lost', fence: FENCE }) as unknown;
    expect(commits.at(-1)).toMatchObject({ events: [{ type: 'AttemptEnded', data: { result } }, {}] });
  });

  it('is left to its agent, which is heard again while it is asked how far the output has come', async () => {
    const { at, leases, leader } = world;
    run(leader, 'job_1', 'requeue');
    leases.renew(NODE);
    at.monotonic += LEASE_MS + MARGIN_MS;
    Object.assign(at, { isHeard: false, isHeardMeanwhile: true });
    await leases.check();
    expect(phaseOf('job_1')).toBe('running');
  });

  it('waits, however long, where the job does not ask for more', async () => {
    const { at, leases, leader } = world;
    run(leader, 'job_1');
    leases.renew(NODE);
    at.isHeard = false;
    at.monotonic += 7 * 86_400_000;
    await leases.check();
    expect(phaseOf('job_1')).toBe('running');
  });

  it('goes on while the node is heard, whatever the clock says', async () => {
    const { at, leases, leader } = world;
    run(leader, 'job_1', 'requeue');
    at.monotonic += 7 * 86_400_000;
    await leases.check();
    expect(phaseOf('job_1')).toBe('running');
  });

  it('has the whole lease anew under a new leader, who knows nothing of the last answer', async () => {
    const { at, leases } = world;
    leases.renew(NODE);
    at.isHeard = false;
    at.monotonic += LEASE_MS + MARGIN_MS - 1;
    const leader = await nextLeader();
    run(leader, 'job_1', 'requeue');
    at.monotonic += LEASE_MS + MARGIN_MS - 1;
    await leases.check();
    expect(phaseOf('job_1', leader)).toBe('running');
    at.monotonic += 1;
    await leases.check();
    expect(phaseOf('job_1', leader)).toBe('queued');
  });
});

describe('an attempt on a silent node', () => {
  it('is not ended by a scheduler that may have been replaced without knowing it', async () => {
    const { at, leases, leader } = world;
    run(leader, 'job_1', 'requeue');
    at.isHeard = false;
    at.monotonic += LEASE_MS + MARGIN_MS;
    at.isHeld = false;
    await leases.check();
    expect(phaseOf('job_1')).toBe('running');
    at.isHeld = true;
    await leases.check();
    expect(phaseOf('job_1')).toBe('queued');
  });

  it('has so much longer as the one that led before may have gone on answering', async () => {
    const { at, leases } = world;
    at.isHeard = false;
    at.overlapMs = 5_000;
    const leader = await nextLeader();
    run(leader, 'job_1', 'requeue');
    at.monotonic += LEASE_MS + MARGIN_MS + at.overlapMs - 1;
    await leases.check();
    expect(phaseOf('job_1', leader)).toBe('running');
    at.monotonic += 1;
    await leases.check();
    expect(phaseOf('job_1', leader)).toBe('queued');
  });
});

describe('a lease', () => {
  it('is not renewed by a scheduler that may have been replaced without knowing it', () => {
    const { at, leases } = world;
    at.isHeld = false;
    expect(leases.renew(NODE)).toBe(null);
  });
});
