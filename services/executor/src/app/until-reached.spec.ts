// What waits for the store, and what does not.
import { PlatformError } from '@baton/errors';
import { describe, expect, it, vi } from 'vitest';
import { untilReached } from './until-reached.ts';

const away = new PlatformError('unavailable', 'The store can not be reached.');

function stored(failures: readonly Error[]) {
  const left = [...failures];
  return vi.fn<() => Promise<string>>(async () => {
    const failure = left.shift();
    if (failure) throw failure;
    return 'stored';
  });
}

describe('a store that can not be reached', () => {
  it('is asked again until it can be, and each wait is told', async () => {
    vi.useFakeTimers();
    try {
      const work = stored([away, away, away]);
      const onWait = vi.fn<(error: unknown) => void>();
      const result = untilReached(work, { signal: new AbortController().signal, onWait });
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await result).toBe('stored');
      expect([work.mock.calls.length, onWait.mock.calls.length]).toEqual([4, 3]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is waited for no longer than anybody wants it', async () => {
    const stop = new AbortController();
    const work = stored(Array.from({ length: 9 }, () => away));
    const result = untilReached(work, { signal: stop.signal, onWait: () => stop.abort() });
    await expect(result).rejects.toBe(away);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('is not what a full disk, or damage, is taken for', async () => {
    const full = new PlatformError('storage_full', 'No space is left.');
    const waiting = { signal: new AbortController().signal, onWait: () => expect.unreachable() };
    await expect(untilReached(stored([full]), waiting)).rejects.toBe(full);
  });
});
