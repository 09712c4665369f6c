// Work that many wait for: done once, stopped only when nobody wants it any more.
import { describe, expect, it } from 'vitest';
import { SharedWork, type WorkRun } from './shared-work.ts';

const silent = () => {};

function held() {
  const runs: (WorkRun & { finish: (value: string) => void })[] = [];
  const work = (run: WorkRun) => new Promise<string>((finish) => runs.push({ ...run, finish }));
  return { runs, work };
}

describe('shared work', () => {
  it('is done once for all who ask at the same time, and all hear how far it is', async () => {
    const shared = new SharedWork<string>();
    const { runs, work } = held();
    const heard: string[] = [];
    const signal = new AbortController().signal;
    const results = ['a', 'b'].map((name) =>
      shared.run('k', work, { signal, onProgress: (text) => heard.push(name + text) }),
    );
    await Promise.resolve();
    expect(runs).toHaveLength(1);
    runs[0]?.onProgress('1');
    runs[0]?.finish('done');
    expect(await Promise.all(results)).toEqual(['done', 'done']);
    expect(heard).toEqual(['a1', 'b1']);
  });

  it('goes on for the others when one gives up, and stops when the last one does', async () => {
    const shared = new SharedWork<string>();
    const { runs, work } = held();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = shared.run('k', work, { signal: one.signal, onProgress: silent });
    const second = shared.run('k', work, { signal: two.signal, onProgress: silent });
    one.abort(new Error('first gave up'));
    await expect(first).rejects.toThrow('first gave up');
    expect(runs[0]?.signal.aborted).toBe(false);
    two.abort(new Error('second gave up'));
    await expect(second).rejects.toThrow('second gave up');
    expect(runs[0]?.signal.aborted).toBe(true);
  });

  it('begins anew for whoever comes after it was given up, when the first has come to its end', async () => {
    const shared = new SharedWork<string>();
    const { runs, work } = held();
    const gone = new AbortController();
    const first = shared.run('k', work, { signal: gone.signal, onProgress: silent });
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    const again = shared.run('k', work, { signal: new AbortController().signal, onProgress: silent });
    expect(runs).toHaveLength(1);
    runs[0]?.finish('stale');
    await expect.poll(() => runs.length).toBe(2);
    runs[1]?.finish('fresh');
    expect(await again).toBe('fresh');
  });

  it('that failed is tried again by the next', async () => {
    const shared = new SharedWork<string>();
    const run = { signal: new AbortController().signal, onProgress: silent };
    await expect(shared.run('k', () => Promise.reject(new Error('no')), run)).rejects.toThrow('no');
    expect(await shared.run('k', () => Promise.resolve('yes'), run)).toBe('yes');
  });
});
