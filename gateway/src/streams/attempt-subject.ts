// Which output a subject of LOGS or METRICS belongs to, and whether the job's own log names that attempt on that node.
import {
  type AttemptResult,
  type AttemptView,
  type JobEvent,
  type JobEventView,
  type JobView,
  type OutputPositions,
  type RankView,
  REST_METRICS,
} from '@baton/contracts';
import type { StreamMessage } from './stream-reader.ts';

export interface AttemptSubject {
  readonly nodeId: string;
  readonly attempt: number;
  /** Of log subjects only. */
  readonly output: 'stdout' | 'stderr' | undefined;
}

/** `log.<node>.<job>.<attempt>.<output>` or `metric.<node>.<job>.<attempt>`; null if it is neither. */
export function parseAttemptSubject(subject: string): AttemptSubject | null {
  const [, nodeId, , attempt, output] = subject.split('.');
  if (nodeId === undefined || attempt === undefined || !/^[1-9]\d{0,8}$/.test(attempt)) return null;
  if (output !== undefined && output !== 'stdout' && output !== 'stderr') return null;
  return { nodeId, attempt: Number(attempt), output };
}

/** Of an attempt on several nodes, as that rank had it; undefined if there is no such rank. */
export function rankOf(attempt: AttemptView, rank: number): AttemptView | undefined {
  if (attempt.ranks === undefined) return rank === 0 ? attempt : undefined;
  const view = attempt.ranks[rank];
  if (view === undefined) return undefined;
  const { checkpoints, ...rest } = attempt;
  const stored = rank === 0 ? checkpoints : storedAtEnd(view);
  const { nodeId, result } = view;
  return { ...rest, nodeId, result, ...(stored === undefined ? {} : { checkpoints: stored }) };
}

function storedAtEnd({ result }: RankView): AttemptView['checkpoints'] {
  return result?.checkpoints ? { ...result.checkpoints, at: result.endedAt } : undefined;
}

/** Whether it came when the log had given the attempt up already. */
export function isFenced({ result }: AttemptView, stream: keyof OutputPositions, position: number): boolean {
  return result?.fence !== undefined && position > result.fence[stream];
}

export interface Writer extends AttemptSubject {
  /** As the log has it. */
  readonly result: AttemptResult | null;
}

type Place = Pick<StreamMessage, 'subject' | 'position'>;

const RETRIES = 5;
const RETRY_MS = 200;

/** Output counts only where the job's log names its attempt on its node: a node can't write into another's job. */
export class KnownAttempts {
  readonly #getJob: () => Promise<JobView>;
  readonly #rank: number;
  readonly #verdicts = new Map<string, AttemptView | null>();
  /** Told since the job was read. */
  readonly #ends = new Map<number, AttemptResult>();
  #job: JobView;

  /** `getJob` reads the job anew: an attempt may have begun since. Of several nodes only that of `rank` counts. */
  constructor(job: JobView, getJob: () => Promise<JobView>, rank = 0) {
    this.#job = job;
    this.#rank = rank;
    this.#getJob = getJob;
  }

  /** Who wrote what stands there; null if it does not count. */
  async writerOf({ subject, position }: Place, stream: keyof OutputPositions): Promise<Writer | null> {
    const target = parseAttemptSubject(subject);
    const attempt = target && (await this.#of(target));
    return target && attempt && !isFenced(attempt, stream, position) ? { ...target, result: attempt.result } : null;
  }

  async #of({ nodeId, attempt }: AttemptSubject): Promise<AttemptView | null> {
    const key = `${nodeId}.${attempt}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const found = await this.#find(nodeId, attempt);
    this.#verdicts.set(key, found);
    return found;
  }

  /** A commit of the job: how an attempt ended says what counts of it. */
  saw({ events }: Pick<JobEventView, 'events'>): void {
    for (const event of events as JobEvent[]) {
      if (event.type === 'RankEnded' && event.data.rank === this.#rank) this.#end(event.data);
      // Of an attempt on several nodes the end of each came before that of the whole.
      if (event.type === 'AttemptEnded' && !this.#ends.has(event.data.attempt)) this.#end(event.data);
    }
  }

  #end({ attempt, result }: { readonly attempt: number; readonly result: AttemptResult }): void {
    this.#ends.set(attempt, result);
    this.#verdicts.clear();
  }

  /** As that rank had it. The read model can be a moment behind the attempt's first output. */
  async #find(nodeId: string, attempt: number): Promise<AttemptView | null> {
    for (let tries = 0; ; tries += 1) {
      const found = this.#job.attempts.find((candidate) => candidate.attempt === attempt);
      if (found) return this.#onNode(found, nodeId);
      if (tries === RETRIES) return null;
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.#job = await this.#getJob();
    }
  }

  #onNode(whole: AttemptView, nodeId: string): AttemptView | null {
    const attempt = rankOf(whole, this.#rank);
    // Who may publish as the gateway has looked already.
    const counts = attempt?.nodeId === nodeId || (nodeId === REST_METRICS && this.#rank === 0);
    if (!attempt || !counts) return null;
    return { ...attempt, result: this.#ends.get(attempt.attempt) ?? attempt.result };
  }
}
