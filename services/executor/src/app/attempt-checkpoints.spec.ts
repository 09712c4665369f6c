// When checkpoints are stored, and what is told of it.
import { describe, expect, it, vi } from 'vitest';
import { emptyJournal } from '../domain/journal.ts';
import { AttemptCheckpoints } from './attempt-checkpoints.ts';
import { isToBeStored } from './checkpoints.ts';
import { HandOffPause } from './hand-off-pause.ts';
import { Journal } from './journal.ts';

const KEY = { jobId: 'job_a', attempt: 2 };
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** `digests`: what each reading gives; null for nothing, an error for a failure. */
function checkpointsOf(digests: (string | null | Error)[], begunWith: string | null = null) {
  const journal = new Journal({ append: async () => {}, compact: async () => {} }, emptyJournal, new HandOffPause());
  const paced: boolean[] = [];
  const checkpoints = {
    collect: async (_key: unknown, running?: unknown) => {
      paced.push(running !== undefined);
      const next = digests.shift() ?? null;
      if (next instanceof Error) throw next;
      return next === null ? null : { digest: next, fileCount: 1, sizeBytes: 1 };
    },
  };
  const parts = { checkpoints, journal, reporter: quiet, clock: () => 7, checkpointPace: { take: async () => {} } };
  const attempt = new AttemptCheckpoints({ ...parts, settings: { checkpointEveryMs: 1 } }, KEY, begunWith);
  const told = () =>
    journal.state.pending.flatMap((fact) => (fact.type === 'checkpointed' ? [fact.checkpoints.digest] : []));
  return { attempt, journal, told, paced };
}

describe('while an attempt runs', () => {
  it('each change is told once, and what it began with is none', async () => {
    const { attempt, journal, told, paced } = checkpointsOf(['z', 'a', 'a', null, new Error('full'), 'b', 'b'], 'z');
    attempt.start();
    await vi.waitFor(() => expect(paced.length).toBeGreaterThan(7), { timeout: 60_000 });
    attempt.stop();
    expect(told()).toEqual(['a', 'b']);
    expect(journal.state.pending[0]).toMatchObject({ type: 'checkpointed', ...KEY, at: 7 });
    expect(paced.every(Boolean)).toBe(true);
  });
});

describe('at its end', () => {
  it('they are stored once more, without holding back; nothing is stored afterwards', async () => {
    const { attempt, told, paced } = checkpointsOf(['a']);
    expect(await attempt.finish({ kind: 'exited', code: 1 }, false, new AbortController().signal)).toEqual({
      checkpoints: { digest: 'a', fileCount: 1, sizeBytes: 1 },
      note: null,
    });
    attempt.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([paced, told()]).toEqual([[false], []]);
  });

  it('a failure to store is said, and is no failure of the attempt', async () => {
    const { attempt } = checkpointsOf([new Error('No space is left on the storage.')]);
    const { checkpoints, note } = await attempt.finish(
      { kind: 'signalled', signal: 'SIGKILL' },
      false,
      new AbortController().signal,
    );
    expect([checkpoints, note]).toEqual([
      null,
      'The checkpoints could not be stored (No space is left on the storage.); they stay on the node.',
    ]);
  });

  it.each([
    [{ kind: 'exited', code: 0 }, false, false],
    [{ kind: 'exited', code: 0 }, true, true],
    [{ kind: 'exited', code: 3 }, false, true],
    [{ kind: 'signalled', signal: 'SIGKILL' }, false, true],
    [{ kind: 'lost', words: '' }, false, true],
  ] as const)('%j, stopped: %s, is stored: %s', (end, isStopped, expected) => {
    expect(isToBeStored(end, isStopped)).toBe(expected);
  });
});
