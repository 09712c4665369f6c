// The percentage of an image's pull.
import { describe, expect, it } from 'vitest';
import { PullProgress } from './pull-progress.ts';

const downloading = (id: string, current: number, total: number) => ({
  id,
  status: 'Downloading',
  progressDetail: { current, total },
});

describe('the progress of a pull', () => {
  it('is over all layers whose size is known, and never falls', () => {
    const progress = new PullProgress();
    expect(progress.percent).toBe(0);
    progress.take({ id: 'a', status: 'Pulling fs layer', progressDetail: {} });
    progress.take(downloading('a', 30, 100));
    expect(progress.percent).toBe(30);
    progress.take(downloading('b', 0, 900));
    expect(progress.percent).toBe(30);
    progress.take({ id: 'a', status: 'Download complete', progressDetail: {} });
    progress.take(downloading('b', 500, 900));
    expect(progress.percent).toBe(60);
    progress.take({ id: 'b', status: 'Verifying Checksum' });
    progress.take({ id: 'b', status: 'Extracting', progressDetail: { current: 1, total: 900 } });
    expect(progress.percent).toBe(100);
  });

  it("throws what went wrong, in the daemon's words", () => {
    const progress = new PullProgress();
    const failed = { error: 'short', errorDetail: { message: 'manifest unknown' } };
    expect(() => progress.take(failed)).toThrow('manifest unknown');
  });
});
