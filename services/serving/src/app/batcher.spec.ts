// Every request gets exactly its own rows, in whatever order requests and runs come and end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batcher, type BatchReport, type RunBatch, type RunGroup } from './batcher.ts';
import type { InferenceRequest, Tensor } from './tensor.ts';

const limits = { queuedRequests: 1_000, queuedBytes: 2 ** 30, batchRows: 8 };

function request(rows: number, width: number, tag: number): InferenceRequest {
  const data = Float32Array.from({ length: rows * width }, (_, index) => tag * 1_000 + index);
  return { inputs: [{ datatype: 'FP32', shape: [rows, width], data }] };
}

/** The model: each element plus one half. */
function model(requests: readonly InferenceRequest[]): Tensor[] {
  const inputs = requests.map(({ inputs: [input] }) => input as Tensor);
  const rows = inputs.reduce((total, input) => total + (input.shape[0] ?? 0), 0);
  const data = Float32Array.from(
    inputs.flatMap((input) => Array.from(input.data as Float32Array, (value) => value + 0.5)),
  );
  return [{ datatype: 'FP32', shape: [rows, ...(inputs[0]?.shape.slice(1) ?? [])], data }];
}

/** A runner whose runs end only when they are told to. */
function manualRunner() {
  const running: {
    requests: readonly InferenceRequest[];
    end: (groups?: RunGroup[]) => void;
    fail: (error: Error) => void;
  }[] = [];
  const run: RunBatch = (requests) =>
    new Promise((resolve, reject) => {
      const whole: RunGroup = { kind: 'done', requests: requests.length, outputs: model(requests) };
      running.push({ requests, end: (groups = [whole]) => resolve(groups), fail: reject });
    });
  return { run, running };
}

function batcher(
  run: RunBatch,
  more: { batches?: boolean; queuedRequests?: number; onBatch?: (report: BatchReport) => void } = {},
) {
  const { batches = true, queuedRequests = limits.queuedRequests, onBatch = () => {} } = more;
  return new Batcher({ signature: { batches }, limits: { ...limits, queuedRequests }, run, now: () => 0, onBatch });
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('batching', () => {
  it('gives every request exactly its own rows, whatever comes when', async () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ rows: fc.integer({ min: 1, max: 10 }), width: fc.integer({ min: 1, max: 2 }) }),
      },
      { weight: 1, arbitrary: fc.constant('end' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, batches) => {
        const { run, running } = manualRunner();
        const sut = batcher(run, { batches });
        const answers: Promise<readonly Tensor[]>[] = [];
        const expected: Tensor[][] = [];
        for (const [tag, action] of steps.entries()) {
          if (action === 'end') running.shift()?.end();
          else {
            const asked = request(action.rows, action.width, tag);
            expected.push(model([asked]));
            answers.push(sut.submit(asked));
          }
          await settled();
          expect(running.length).toBeLessThanOrEqual(1);
        }
        for (; running.length > 0; await settled()) running.shift()?.end();
        expect(await Promise.all(answers)).toEqual(expected);
        await sut.drain();
      }),
      { numRuns: 200 },
    );
  });

  it('takes all that fits when the model is free, and never another shape or too many rows', async () => {
    const { run, running } = manualRunner();
    const sut = batcher(run);
    const all = [request(1, 2, 0), request(3, 2, 1), request(2, 1, 2), request(4, 2, 3), request(2, 2, 4)].map(
      (asked) => sut.submit(asked),
    );
    const sizes: number[][] = [];
    for (; running.length > 0; await settled()) {
      const next = running.shift();
      sizes.push(next?.requests.map(({ inputs: [input] }) => input?.shape[0] ?? 0) ?? []);
      next?.end();
    }
    await Promise.all(all);
    expect(sizes).toEqual([[1], [3, 4], [2], [2]]);
  });

  it('fails only the requests of a failed group', async () => {
    const { run, running } = manualRunner();
    const sut = batcher(run);
    const first = sut.submit(request(1, 1, 0));
    const [good, bad] = [sut.submit(request(1, 1, 1)), sut.submit(request(1, 1, 2))];
    running.shift()?.end();
    await first;
    await settled();
    const batch = running.shift();
    const one = batch?.requests.slice(0, 1) ?? [];
    batch?.end([
      { kind: 'done', requests: 1, outputs: model(one) },
      { kind: 'failed', requests: 1, error: new Error('bad row') },
    ]);
    await expect(bad).rejects.toThrow('bad row');
    expect((await good)[0]?.data).toEqual(Float32Array.of(1_000.5));
  });

  it('goes on after a run that failed as a whole', async () => {
    const { run, running } = manualRunner();
    const reports: BatchReport[] = [];
    const sut = batcher(run, { onBatch: (report) => reports.push(report) });
    const first = sut.submit(request(1, 1, 0));
    running.shift()?.fail(new Error('crashed'));
    await expect(first).rejects.toThrow('crashed');
    const second = sut.submit(request(1, 1, 1));
    await settled();
    running.shift()?.end();
    expect((await second)[0]?.shape).toEqual([1, 1]);
    expect(reports.map(({ failed }) => failed)).toEqual([1, 0]);
  });

  it('refuses past its bound with unavailable, and takes more when there is room again', async () => {
    const { run, running } = manualRunner();
    const sut = batcher(run, { queuedRequests: 2 });
    const taken = [0, 1, 2].map((tag) => sut.submit(request(1, 1, tag)));
    await expect(sut.submit(request(1, 1, 3))).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 });
    for (; running.length > 0; await settled()) running.shift()?.end();
    await Promise.all(taken);
    const later = sut.submit(request(1, 1, 4));
    await settled();
    running.shift()?.end();
    await later;
  });

  it('refuses what is queued and what follows when it is closed', async () => {
    const { run } = manualRunner();
    const sut = batcher(run);
    void sut.submit(request(1, 1, 0));
    const queued = sut.submit(request(1, 1, 1));
    sut.close(new Error('gone'));
    await expect(queued).rejects.toThrow('gone');
    await expect(sut.submit(request(1, 1, 2))).rejects.toThrow('gone');
  });
});
