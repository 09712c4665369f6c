// What all users of a chaos run share: the scene, the tally, the history, and when to stop.
import { type Outcome, send, type SentCommand } from '../command-sender.ts';
import type { Server } from '../faults.ts';
import type { History } from '../history.ts';
import type { Scene } from '../scene.ts';
import { type Tally, violated } from '../tally.ts';

/** When the power of servers was cut, in milliseconds since 1970. */
export interface PowerCut {
  readonly servers: readonly Server[];
  readonly from: number;
  readonly to: number;
}

export interface Run {
  readonly scene: Scene;
  readonly tally: Tally;
  readonly history: History;
  readonly powerCuts: PowerCut[];
  readonly random: () => number;
  /** Aborted when the faults are over: what has begun is finished. */
  readonly over: AbortSignal;
  /** Until when, of `performance.now`, the platform may take to answer what was sent before the end. */
  readonly patienceUntil: () => number;
  /** For whoever watches. */
  readonly say: (text: string) => void;
}

/** Repeats itself until it knows. What stays unknown after all is a violation, and so is a refusal that is not expected. */
export async function command(run: Run, sent: SentCommand, refusals: readonly string[] = []): Promise<Outcome> {
  run.tally.commands += 1;
  const outcome = await send(run.scene.caller, sent, run.patienceUntil, () => (run.tally.unknownAnswers += 1));
  const words = `${sent.method} ${sent.path} (${sent.key})`;
  if (outcome.kind === 'unknown') violated(run.tally, 'commandsUnknown', `${words}: ${outcome.why}`);
  if (outcome.kind === 'refused' && !refusals.includes(outcome.code)) {
    violated(run.tally, 'commandsRefused', `${words}: ${outcome.status} ${outcome.code}: ${outcome.detail}`);
  }
  return outcome;
}
