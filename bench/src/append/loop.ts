// Loops for a while: each sends its next commit when the last one is acknowledged.
import { performance } from 'node:perf_hooks';

/** Resolves when what it has sent is acknowledged. */
export type Send = () => Promise<unknown>;

export interface Window {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

/** One loop for each sender, all at the same time, until `forMs` have passed and the last is acknowledged. */
export async function loopFor(senders: readonly Send[], forMs: number): Promise<Window> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const loop = async (send: Send): Promise<void> => {
    for (let sentAt = startedAt; sentAt - startedAt < forMs;) {
      sentAt = performance.now();
      await send();
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(senders.map(loop));
  return { perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1_000), latenciesMs };
}
