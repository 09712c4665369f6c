// Which output a subject of LOGS or METRICS belongs to, and whether the job's own log names that attempt on that node.
import { type AttemptView, type JobView, type RankView, REST_METRICS } from '@baton/contracts';

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

const RETRIES = 5;
const RETRY_MS = 200;

/** Output counts only where the job's log names its attempt on its node: a node can't write into another's job. */
export class KnownAttempts {
  readonly #getJob: () => Promise<JobView>;
  readonly #rank: number;
  readonly #verdicts = new Map<string, boolean>();
  #job: JobView;

  /** `getJob` reads the job anew: an attempt may have begun since. Of several nodes only that of `rank` counts. */
  constructor(job: JobView, getJob: () => Promise<JobView>, rank = 0) {
    this.#job = job;
    this.#rank = rank;
    this.#getJob = getJob;
  }

  async has({ nodeId, attempt }: AttemptSubject): Promise<boolean> {
    const key = `${nodeId}.${attempt}`;
    const known = this.#verdicts.get(key) ?? (await this.#find(nodeId, attempt));
    this.#verdicts.set(key, known);
    return known;
  }

  /** The read model can be a moment behind the attempt's first output. */
  async #find(nodeId: string, attempt: number): Promise<boolean> {
    for (let tries = 0; ; tries += 1) {
      const found = this.#job.attempts.find((candidate) => candidate.attempt === attempt);
      // Who may publish as the gateway has looked already.
      if (found) return rankOf(found, this.#rank)?.nodeId === nodeId || (nodeId === REST_METRICS && this.#rank === 0);
      if (tries === RETRIES) return false;
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.#job = await this.#getJob();
    }
  }
}
