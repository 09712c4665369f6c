// An endpoint is brought to what the log says, whatever fails on the way.
import { PlatformError } from '@baton/errors';
import { describe, expect, it } from 'vitest';
import type { EndpointDetails, Target } from '../domain/endpoint.ts';
import type { LoadedModel } from './ports.ts';
import { ServedEndpoint } from './served-endpoint.ts';
import { ServedModel } from './served-model.ts';

const limits = { queuedRequests: 10, queuedBytes: 1_000, batchRows: 10 };
const clock = { monotonicMs: () => 0, now: () => 0 };
const request = { inputs: [{ datatype: 'FP32' as const, shape: [1], data: Float32Array.of(1) }] };
const target = (version: number): Target => ({ modelId: 'mdl', modelName: 'm', version, digest: String(version) });
const details = (version: number): EndpointDetails => ({
  name: 'e',
  target: target(version),
  ownerId: 'u',
  groupId: null,
  visibility: 'private',
});

interface Fake {
  readonly version: number;
  isFinished: boolean;
  crash(): void;
}

/** An endpoint over models that never answer; `load` may be made to fail or to wait. */
function world(beforeLoad: (version: number) => Promise<void> = async () => {}) {
  const models: Fake[] = [];
  const pauses: number[] = [];
  const endpoint = new ServedEndpoint('end', details(1), {
    async load(wanted) {
      await beforeLoad(wanted.version);
      const died = Promise.withResolvers<Error>();
      const inFlight = Promise.withResolvers<never>();
      inFlight.promise.catch(() => {});
      const fake: Fake = {
        version: wanted.version,
        isFinished: false,
        crash() {
          const error = new PlatformError('internal', 'The model stopped while it worked.');
          inFlight.reject(error);
          died.resolve(error);
        },
      };
      models.push(fake);
      const loaded: LoadedModel = {
        signature: { inputs: [], outputs: [], batches: true },
        run: () => inFlight.promise,
        finish: async () => void (fake.isFinished = true),
        crashed: died.promise,
      };
      return new ServedModel(wanted, loaded, { limits, clock });
    },
    retire: (model) => model.retire(),
    report: () => {},
    wait: async (ms) => void pauses.push(ms),
    now: () => 0,
  });
  return { endpoint, models, pauses };
}

describe('a served endpoint', () => {
  it('swaps to the new version and frees the old one', async () => {
    const { endpoint, models } = world();
    await endpoint.settle();
    await endpoint.change(details(2));
    expect(endpoint).toMatchObject({ state: 'ready', fault: null, model: { version: '2' } });
    await expect.poll(() => models.map(({ isFinished }) => isFinished)).toEqual([true, false]);
  });

  it('keeps the old version, and says so, when the new one does not load', async () => {
    const { endpoint, models } = world(async (version) => {
      if (version === 2) throw new PlatformError('bad_model', 'It does not parse.');
    });
    await endpoint.settle();
    await endpoint.change(details(2));
    expect(endpoint).toMatchObject({
      state: 'failed',
      fault: 'It does not parse. Version 1 still answers.',
      model: { version: '1' },
    });
    expect(models[0]?.isFinished).toBe(false);
  });

  it('fails what runs and refuses what waits when its model crashes, and loads it again', async () => {
    const { endpoint, models, pauses } = world();
    await endpoint.settle();
    const [running, queued] = [endpoint.model?.infer(request), endpoint.model?.infer(request)];
    models[0]?.crash();
    await expect(running).rejects.toMatchObject({ code: 'internal' });
    await expect(queued).rejects.toMatchObject({ code: 'internal' });
    await expect.poll(() => [models.length, endpoint.state]).toEqual([2, 'ready']);
    models[1]?.crash();
    await expect.poll(() => [models.length, endpoint.state]).toEqual([3, 'ready']);
    expect(pauses).toEqual([0, 1_000]);
  });

  it('tries again, as loading, while the other side is not running', async () => {
    let failures = 3;
    const { endpoint, pauses } = world(async () => {
      if (failures-- > 0) throw new PlatformError('unavailable', 'Not running.');
    });
    expect(endpoint.state).toBe('loading');
    await endpoint.settle();
    expect(endpoint.state).toBe('ready');
    expect(pauses.length).toBe(3);
  });

  it('frees a model that was loaded for an endpoint deleted meanwhile', async () => {
    const loading = Promise.withResolvers<void>();
    const { endpoint, models } = world(() => loading.promise);
    void endpoint.settle();
    const removed = endpoint.remove();
    loading.resolve();
    await removed;
    expect(endpoint.model).toBeNull();
    expect(models[0]?.isFinished).toBe(true);
  });
});
