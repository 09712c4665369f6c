// What would have been: the jobs of the log replayed under another policy, or on more nodes, beside what was. For one asker at a time.
import type { Policy, WhatIf, WhatIfView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { KnownNode } from '../domain/ledger.ts';
import { engineNode } from '../domain/schedule/engine-node.ts';
import { refuseContradictions } from '../domain/policy.commands.ts';
import type { EngineNode } from '../domain/schedule/engine-model.ts';
import { devicesOf, isThere } from '../domain/forecast/present.ts';
import { type ReplayJob, replayWindow } from '../domain/what-if/replay-window.ts';
import { rowsByUser, type Waited, waitingRow } from '../domain/what-if/waiting-rows.ts';
import type { JobFacts } from '../domain/what-if/job-facts.ts';
import type { Directory } from './directory.ts';
import { LogWindow } from './log-window.ts';
import type { Nodes } from './nodes.ts';
import { normalisePolicy } from './normalise-policy.ts';
import type { Moment, Past } from './past.ts';
import type { Caller } from './ports.ts';
import { type SliceClock, Slices } from './slices.ts';
import { WhatIfNotes } from './what-if-notes.ts';

const USUAL_MS = 7 * 86_400_000;
/** Of work, for all replays of one question together. */
const MOST_MS = 30_000;

export interface WhatIfPorts extends SliceClock {
  readonly past: Past;
  readonly nodes: Nodes;
  readonly directory: Directory;
}

interface Added {
  readonly nodes: readonly EngineNode[];
  readonly view: WhatIfView['added'];
}

export class WhatIfs {
  readonly #ports: WhatIfPorts;
  #isBusy = false;

  constructor(ports: WhatIfPorts) {
    this.#ports = ports;
  }

  async ask(caller: Caller, question: WhatIf): Promise<WhatIfView> {
    const added = this.#added(question);
    const policy = await this.#policy(caller, question);
    if (this.#isBusy)
      throw new PlatformError('unavailable', 'Another replay of the log is under way. Try again in a moment.', {
        retryAfterMs: 5_000,
      });
    this.#isBusy = true;
    try {
      return await this.#replay(caller, question, { policy, added });
    } finally {
      this.#isBusy = false;
    }
  }

  async #policy(caller: Caller, { policy: document }: WhatIf): Promise<Policy | null> {
    if (document === undefined) return null;
    const policy = await normalisePolicy(document, caller, this.#ports.directory);
    refuseContradictions(policy);
    return policy;
  }

  #added({ addNodes, like }: WhatIf): Added {
    if (addNodes === undefined) return { nodes: [], view: null };
    const { nodes } = this.#ports;
    const known = nodes.known();
    const model = like === undefined ? largest(known) : nodes.find(like);
    if (!model) {
      const detail = like === undefined ? 'there is no node that they could be like' : 'names no node';
      throw new PlatformError('invalid_input', `No node can be added: ${detail}.`, {
        issues: [{ pointer: like === undefined ? '/addNodes' : '/like', detail }],
      });
    }
    const { description } = model.state;
    const added = Array.from({ length: addNodes }, (_, index) => ({ ...inService(model), id: `added-${index + 1}` }));
    return { nodes: added, view: { nodes: addNodes, like: description.name, devices: description.devices.length } };
  }

  async #replay(
    caller: Caller,
    { since: asked }: WhatIf,
    { policy, added }: { readonly policy: Policy | null; readonly added: Added },
  ): Promise<WhatIfView> {
    const until = this.#ports.now();
    const window = new LogWindow(asked ?? until - USUAL_MS);
    if (window.since > until) {
      const detail = 'lies in the future';
      throw new PlatformError('invalid_input', `The time asked for ${detail}.`, {
        issues: [{ pointer: '/since', detail }],
      });
    }
    const moment = await this.#ports.past.at({ time: until }, window);
    const nodes = moment.nodes.map(inService);
    const notes = new WhatIfNotes();
    const jobs = replayJobs(window, moment, { nodes, notes });
    const work = new Slices(this.#ports);
    const { policy: present } = moment.ledger.engine;
    const usage = window.usage ?? moment.ledger.engine.usage.snapshot();
    const played = { since: window.since, usage, jobs };
    const replayed = await work.done(replayWindow(played, present, nodes), MOST_MS);
    const isOther = policy !== null || added.nodes.length > 0;
    const whatIf = isOther
      ? await work.done(replayWindow(played, policy ?? present, [...nodes, ...added.nodes]), MOST_MS)
      : null;
    const waited = waitedOf(jobs, { replayed, whatIf, notes });
    notes.rules(window.policyChanges, moment.ledger.engine.bookings.length);
    const isAdmin = caller.principal.kind === 'system' || caller.principal.role === 'admin';
    const users = rowsByUser(waited).filter(({ userId }) => isAdmin || userId === caller.principal.userId);
    return {
      since: window.since,
      until,
      devices: nodes.reduce((sum, { description }) => sum + description.devices.length, 0),
      added: added.view,
      totals: waitingRow(waited),
      users: users.map(({ userId, row }) => ({ userId, ...row })),
      notes: notes.sentences(),
    };
  }
}

/** Taken to be so all the time. */
function inService(node: KnownNode): EngineNode {
  return engineNode(node, null);
}

function largest(nodes: readonly KnownNode[]): KnownNode | undefined {
  const size = ({ state: { description } }: KnownNode) =>
    description.devices.filter(({ kind }) => kind === 'gpu').length * 1_000 + description.devices.length;
  return nodes.toSorted((a, b) => size(b) - size(a) || (a.id < b.id ? -1 : 1))[0];
}

interface On {
  readonly nodes: readonly EngineNode[];
  readonly notes: WhatIfNotes;
}

/** Those that ran, or will: with what they ran, or are likely to. */
function replayJobs(window: LogWindow, moment: Moment, { nodes, notes }: On): ReplayJob[] {
  const known = devicesOf(nodes);
  return [...window.jobs.values()].flatMap((facts) => {
    const eligibleAt = eligibleSince(facts, window, notes);
    if (facts.placed && !isThere(facts.placed, known)) return notes.leaveOut('goneNodes');
    if (!facts.isOver) {
      const durationMs = likelyMs(facts, eligibleAt, moment);
      if (durationMs === null) return notes.leaveOut('notYet');
      notes.count('notOver');
      return [{ facts, eligibleAt, durationMs }];
    }
    if (facts.startedAt === null) return notes.leaveOut(facts.isCancelled ? 'cancelled' : 'neverRan');
    if (facts.isCancelled) notes.count('cancelledRunning');
    return [{ facts, eligibleAt, durationMs: facts.ranMs }];
  });
}

/** In all, of one that is not over; null: it is not to start yet. */
function likelyMs({ id, ranMs }: JobFacts, eligibleAt: number, { at, ledger }: Moment): number | null {
  const record = ledger.active(id);
  if (!record || eligibleAt > at || ledger.gate(id) !== null) return null;
  const { ownerId, spec } = record.state;
  const { defaultTimeLimitMs } = ledger.engine.policy.backfill;
  const { distribution } = ledger.forecasts.predict({ userId: ownerId, spec }, defaultTimeLimitMs);
  const since = ledger.engine.placedAttempt(id)?.since ?? at;
  return Math.ceil(distribution.lastingBeyond(ranMs + Math.max(0, at - since)).quantile(0.5));
}

/** When those that it waited for were over, too; one that its array kept back starts no sooner than it did. */
function eligibleSince(facts: JobFacts, { endedAt }: LogWindow, notes: WhatIfNotes): number {
  const { after, array, assignedAt } = facts;
  if (after.length > 0) notes.count('dependent');
  const alone = Math.max(facts.eligibleAt, ...after.map((id) => endedAt.get(id) ?? 0));
  if (array?.parallel === undefined || assignedAt === null) return alone;
  notes.count('arrayLimited');
  return Math.max(alone, assignedAt);
}

interface Replays {
  readonly replayed: ReadonlyMap<string, number>;
  readonly whatIf: ReadonlyMap<string, number> | null;
  readonly notes: WhatIfNotes;
}

/** Of those that started in all of them, and had not before. */
function waitedOf(jobs: readonly ReplayJob[], { replayed, whatIf, notes }: Replays): Waited[] {
  return jobs.flatMap(({ facts, eligibleAt }) => {
    const { id, job, placed, startedAt } = facts;
    if (placed?.since !== undefined && placed.since !== null) return [];
    if (startedAt === null) return notes.leaveOut('stillWaiting');
    const [again, instead] = [replayed.get(id), whatIf?.get(id)];
    if (again === undefined || (whatIf && instead === undefined)) return notes.leaveOut('noNode');
    const wait = (start: number) => Math.max(0, start - eligibleAt);
    const whatIfMs = instead === undefined ? null : wait(instead);
    return [{ userId: job.owner.userId, reallyMs: wait(startedAt), replayedMs: wait(again), whatIfMs }];
  });
}
