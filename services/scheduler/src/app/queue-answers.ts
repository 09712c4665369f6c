// The queue in its order, why a job waits, and who overtook it: now from what the leader knows, of the past from the log.
import {
  canRead,
  type ExpectedTimes,
  type JobEvent,
  type JobStateName,
  type JobWord,
  type OvertakersView,
  type QueueItem,
  type QueueQuery,
  type QueueView,
  type WaitReason,
  type WhyView,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { isLater, type When, whenOf } from '@baton/service-host';
import { evolveJob, type ExistingJob, initialJob, isPlaced, isWaiting, type JobState } from '../domain/job.ts';
import type { JobRecord } from '../domain/job-record.ts';
import type { JobLedger } from '../domain/ledger.ts';
import { engineShapeOf } from '../domain/schedule/engine-shape.ts';
import { waitingJob } from '../domain/schedule/engine-job.ts';
import { explainLine, explainStaging, explainWait } from '../domain/schedule/explain.ts';
import type { WaitingJob } from '../domain/schedule/engine-model.ts';
import { queueOrder } from '../domain/schedule/queue-order.ts';
import { shapeWords } from '../domain/schedule/shape-words.ts';
import { whyFacts } from '../domain/schedule/why.ts';
import { withCordonWords } from './cordon-words.ts';
import { noSuchJob, readCommits } from './job-commits.ts';
import type { Forecasts } from './forecasts.ts';
import type { Leadership } from './leadership.ts';
import type { Nodes } from './nodes.ts';
import { Overtakers } from './overtakers.ts';
import type { Moment, Past } from './past.ts';
import type { Caller, JobLog } from './ports.ts';
import type { StagingProgress } from './staging-progress.ts';

const USUAL_LIMIT = 100;

export interface QueueAnswerPorts {
  readonly leadership: Leadership;
  readonly nodes: Nodes;
  readonly log: JobLog;
  readonly past: Past;
  readonly forecasts: Forecasts;
  readonly progress: StagingProgress;
  readonly now: () => number;
}

type Word = (jobId: string) => JobWord;
type Expected = ((jobId: string) => ExpectedTimes) | null;
interface Words {
  readonly word: Word;
  /** Null: of a time past. */
  readonly expected: Expected;
}

export class QueueAnswers {
  readonly #ports: QueueAnswerPorts;

  constructor(ports: QueueAnswerPorts) {
    this.#ports = ports;
  }

  async queue(caller: Caller, { limit = USUAL_LIMIT }: QueueQuery): Promise<QueueView> {
    const { moment, expected } = await this.#seen(whenAsked(caller));
    return queueView(moment, { word: wordFor(caller, moment.ledger), expected }, limit);
  }

  async why(caller: Caller, id: string): Promise<WhyView> {
    const when = whenAsked(caller);
    const { moment, expected } = await this.#seen(when);
    const record = moment.ledger.active(id);
    if (!record) return notWaiting(id, moment.at, await this.#ended(caller, id, when));
    if (!canRead(caller.principal, record.state)) throw noSuchJob(id);
    const wait = this.#wait(record, moment, when === null);
    const times = expected === null ? {} : { expected: expected(id) };
    if (!wait) return { ...notWaiting(id, moment.at, record.state, this.#staging(record, when)), ...times };
    const { ledger } = moment;
    const context = { engine: ledger.engine, gate: ledger.gate(id), now: moment.at, word: wordFor(caller, ledger) };
    const facts = whyFacts(id, context);
    const gate = facts.find(({ code }) => code === 'gate');
    return {
      jobId: id,
      name: record.state.spec.name,
      at: moment.at,
      state: record.state.phase as JobStateName,
      code: wait.code,
      message: gate?.message ?? wait.message,
      facts,
      ...times,
    };
  }

  async overtakers(caller: Caller, id: string): Promise<OvertakersView> {
    const [first] = await readCommits(this.#ports.log, caller, id);
    if (!first) throw noSuchJob(id);
    const overtakers = new Overtakers(id, ({ state }) => canRead(caller.principal, state));
    const { now, past } = this.#ports;
    await past.at({ time: Math.max(now(), first.at) }, overtakers);
    const [submission] = first.events as JobEvent[];
    const name = submission?.type === 'JobSubmitted' ? submission.data.spec.name : '';
    return { jobId: id, name, submittedAt: first.at, ...overtakers.view() };
  }

  /** As it is, with what is expected, or as it was. */
  async #seen(when: When | null): Promise<{ readonly moment: Moment; readonly expected: Expected }> {
    if (when !== null) return { moment: await this.#ports.past.at(when), expected: null };
    const expected = await this.#ports.forecasts.look();
    return { moment: this.#present(), expected };
  }

  #present(): Moment {
    const leader = this.#ports.leadership.leader();
    const at = this.#ports.now();
    leader.refresh(at);
    return { at, ledger: leader.ledger, nodes: this.#ports.nodes.known() };
  }

  /** For one that waits for nothing else. */
  #staging({ id, state }: JobRecord, when: When | null): WaitReason | null {
    return when === null && isPlaced(state) ? explainStaging(this.#ports.progress.of(id, state)) : null;
  }

  /** Null: it does not wait. */
  #wait({ id, state }: JobRecord, { ledger, at: now, nodes }: Moment, isNow: boolean): WaitReason | null {
    if (isWaiting(state)) return explainLine(id, ledger.engine, isNow ? this.#ports.progress.of(id, state) : null);
    if (state.phase !== 'queued') return null;
    const wait = explainWait(id, ledger.engine, { gate: ledger.gate(id), now });
    return withCordonWords(wait, engineShapeOf(state.spec), nodes);
  }

  /** A job that the ledger has no more, or not yet. */
  async #ended(caller: Caller, id: string, when: When | null): Promise<ExistingJob> {
    const commits = await readCommits(this.#ports.log, caller, id);
    const later = when === null ? -1 : commits.findIndex((commit) => isLater(commit, when));
    const then = later < 0 ? commits : commits.slice(0, later);
    const state = then.flatMap((commit) => commit.events as JobEvent[]).reduce<JobState>(evolveJob, initialJob);
    if (state.phase !== 'none') return state;
    throw new PlatformError('invalid_input', 'The job was submitted later.', {
      issues: [{ pointer: '/at', detail: 'lies before the job was submitted' }],
    });
  }
}

/** Null: now. */
function whenAsked({ meta: { at } }: Caller): When | null {
  return at === undefined ? null : whenOf(at);
}

function notWaiting(
  jobId: string,
  at: number,
  { phase, spec }: ExistingJob,
  staging: WaitReason | null = null,
): WhyView {
  const state = phase as JobStateName;
  const message = [`It does not wait: it is ${state}.`, staging?.message].filter(Boolean).join(' ');
  const facts: WhyView['facts'] = [{ code: 'not-waiting', message, state }];
  return { jobId, name: spec.name, at, state, code: null, message, facts };
}

const PRIVATE: JobWord = { id: null, name: null, ownerId: null };

function wordFor({ principal }: Caller, ledger: JobLedger): Word {
  return (id) => {
    const state = ledger.active(id)?.state;
    return state && canRead(principal, state) ? { id, name: state.spec.name, ownerId: state.ownerId } : PRIVATE;
  };
}

function queueView({ ledger, at }: Moment, words: Words, limit: number): QueueView {
  const { engine } = ledger;
  const inLine = [...engine.placed()].filter(({ waiting }) => waiting).toSorted((a, b) => a.placedAt - b.placedAt);
  const notYet = [...ledger.records()]
    .filter(({ id, state }) => state.phase === 'queued' && engine.queueIndex.get(id) === undefined)
    .toSorted((a, b) => a.order - b.order);
  const items: QueueItem[] = inLine.slice(0, limit).flatMap(({ job }) => {
    const wait = explainLine(job.id, engine, null);
    return wait ? [item(job, { place: null, ...wait }, words)] : [];
  });
  for (const { job, ...reason } of queueOrder(engine, at, limit - items.length)) items.push(item(job, reason, words));
  for (const record of notYet.slice(0, limit - items.length)) {
    const gate = ledger.gate(record.id);
    const [fact] = whyFacts(record.id, { engine, gate, now: at, word: words.word });
    const reason = { place: null, code: gate?.code ?? 'retry-backoff', message: fact?.message ?? '' } as const;
    items.push(item(waitingJob(record, engine.policy), reason, words));
  }
  return {
    at,
    items,
    counts: { inLine: inLine.length, queued: engine.queueIndex.size, notYet: notYet.length },
  };
}

function item(
  job: WaitingJob,
  reason: Pick<QueueItem, 'place' | 'code' | 'message'>,
  { word, expected }: Words,
): QueueItem {
  const { place, code, message } = reason;
  const named = word(job.id);
  const times = expected?.(job.id);
  return {
    ...(times === undefined ? {} : { expected: named.id === null ? withoutRunTime(times) : times }),
    place,
    job: named,
    className: job.className,
    shape: shapeWords(job.shape),
    submittedAt: job.submittedAt,
    code,
    message,
    promisedAt: job.reservation?.at ?? null,
  };
}

/** How long somebody else's job runs is theirs to know. */
function withoutRunTime(times: ExpectedTimes): ExpectedTimes {
  const message = times.start === null ? times.message : 'More is told to those who may read the job.';
  return { ...times, end: null, runTime: null, message };
}
