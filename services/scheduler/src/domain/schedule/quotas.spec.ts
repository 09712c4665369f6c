// Quotas: never passed by what may start, own before each's, and hit by nobody else.
import type { Quota } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anOwner, aShape } from '../../testing/queue-builders.ts';
import type { EngineShape, Owner } from './engine-model.ts';
import { QuotaBook } from './quotas.ts';

const [ann, bob, loner] = [anOwner('ann', 'vision'), anOwner('bob', 'vision'), anOwner('ann')];
const gpus = (devices: number, nodes = 1) => aShape({ devices, nodes });
const slot = aShape({ deviceKind: 'cpu' });

interface Running {
  readonly owner: Owner;
  readonly shape: EngineShape;
}

/** By how much the most exceeded limit of one user's or one group's quota is exceeded. */
function overshoot(
  { of, hardGpus = Infinity, hardCpuSlots = Infinity, runningJobs = Infinity }: Quota,
  all: Running[],
): number {
  if ('each' in of) return 0;
  const theirs = all.filter(({ owner }) =>
    'userId' in of ? owner.userId === of.userId : owner.groupId === of.groupId,
  );
  const devices = (kind: string) =>
    theirs.reduce((sum, { shape }) => sum + (shape.deviceKind === kind ? shape.devices : 0), 0);
  return Math.max(devices('gpu') - hardGpus, devices('cpu') - hardCpuSlots, theirs.length - runningJobs);
}

describe('the book of quotas', () => {
  it('says which quota stands in the way, how much of it is used, and of how much', () => {
    const book = new QuotaBook([
      { of: { userId: 'ann' }, hardGpus: 4 },
      { of: { groupId: 'vision' }, runningJobs: 2 },
    ]);
    book.started(ann, gpus(3));
    expect(book.mayStart(ann, gpus(1))).toBeNull();
    expect(book.mayStart(ann, gpus(1, 2))).toEqual({ code: 'user-quota', limit: 'hardGpus', used: 3, of: 4 });
    book.started(bob, gpus(1));
    expect(book.mayStart(bob, slot)).toEqual({ code: 'group-quota', limit: 'runningJobs', used: 2, of: 2 });
    expect(book.mayStart(loner, gpus(1))).toBeNull();
    book.ended(ann, gpus(3));
    expect(book.mayStart(bob, slot)).toBeNull();
  });

  it('counts parts of devices exactly, in whatever order they come and go', () => {
    const book = new QuotaBook([{ of: { userId: 'ann' }, hardGpus: 1 }]);
    const part = (twentieths: number) => aShape({ devices: 1, twentieths });
    for (const twentieths of [2, 4, 14]) {
      expect(book.mayStart(ann, part(twentieths))).toBeNull();
      book.started(ann, part(twentieths));
    }
    expect(book.mayStart(ann, part(1))).toEqual({ code: 'user-quota', limit: 'hardGpus', used: 1, of: 1 });
    for (const twentieths of [2, 14]) book.ended(ann, part(twentieths));
    expect(book.mayStart(ann, gpus(1))).toEqual({ code: 'user-quota', limit: 'hardGpus', used: 0.2, of: 1 });
    expect(book.mayStart(ann, part(16))).toBeNull();
  });

  it("counts a user's own entry in place of each user's, and CPU slots apart from GPUs", () => {
    const book = new QuotaBook([
      { of: { each: 'user' }, hardGpus: 1, hardCpuSlots: 1 },
      { of: { userId: 'bob' }, hardGpus: 2 },
      { of: { each: 'group' }, hardGpus: 2 },
    ]);
    expect(book.mayStart(ann, gpus(2))?.code).toBe('user-quota');
    expect(book.mayStart(bob, gpus(2))).toBeNull();
    expect(book.mayStart(bob, gpus(3))?.code).toBe('user-quota');
    book.started(ann, slot);
    expect(book.mayStart(ann, gpus(1))).toBeNull();
    expect(book.mayStart(ann, slot)?.limit).toBe('hardCpuSlots');
    book.started(ann, gpus(1));
    expect(book.mayStart(bob, gpus(2))?.code).toBe('group-quota');
  });

  it('bounds how many jobs queue', () => {
    const book = new QuotaBook([{ of: { each: 'user' }, queuedJobs: 10 }]);
    book.queued(ann, 8);
    expect(book.mayQueue(ann, 2)).toBeNull();
    expect(book.mayQueue(ann, 3)).toEqual({ code: 'user-quota', limit: 'queuedJobs', used: 8, of: 10 });
    book.dequeued(ann);
    expect(book.mayQueue(ann, 3)).toBeNull();
  });

  it('starts nothing more where a quota was put below what runs, and goes on when enough has ended', () => {
    const book = new QuotaBook([]);
    book.started(ann, gpus(8));
    book.started(ann, gpus(2));
    book.setQuotas([{ of: { userId: 'ann' }, hardGpus: 4 }]);
    expect(book.mayStart(ann, gpus(1))).toMatchObject({ used: 10, of: 4 });
    book.ended(ann, gpus(8));
    expect(book.mayStart(ann, gpus(1))).toBeNull();
  });

  it('knows who is below and who is above the guarantee', () => {
    const book = new QuotaBook([
      { of: { userId: 'ann' }, guaranteedGpus: 2 },
      { of: { groupId: 'vision' }, guaranteedGpus: 6 },
    ]);
    expect([book.isBelowGuarantee(ann), book.isAboveGuarantee(ann)]).toEqual([true, false]);
    book.started(ann, gpus(4));
    // She is above her own; the group is not.
    expect([book.isBelowGuarantee(ann), book.isAboveGuarantee(ann)]).toEqual([true, false]);
    book.started(bob, gpus(4));
    expect([book.isBelowGuarantee(ann), book.isAboveGuarantee(ann)]).toEqual([false, true]);
    expect([book.isBelowGuarantee(anOwner('cat')), book.isAboveGuarantee(anOwner('cat'))]).toEqual([false, false]);
    book.started(anOwner('cat'), gpus(1));
    expect(book.isAboveGuarantee(anOwner('cat'))).toBe(true);
  });

  it('lets no start pass a hard quota, and counts the same on paper as in the book', () => {
    const userId = fc.constantFrom('ann', 'bob', 'cat');
    const groupId = fc.constantFrom('vision', 'speech', null);
    const limit = fc.option(fc.nat(20), { nil: undefined });
    const whose: fc.Arbitrary<Quota['of']> = fc.oneof(
      fc.record({ userId }),
      fc.record({ groupId: fc.constantFrom('vision', 'speech') }),
      fc.constantFrom<Quota['of']>({ each: 'user' }, { each: 'group' }),
    );
    const quota = fc
      .record({ of: whose, hardGpus: limit, hardCpuSlots: limit, runningJobs: limit })
      .map(({ of, ...limits }) => ({ of, ...JSON.parse(JSON.stringify(limits)) }) as Quota);
    const quotas = fc.uniqueArray(quota, { selector: ({ of }) => JSON.stringify(of), maxLength: 6 });
    const shape = fc.record({ deviceKind: fc.constantFrom('gpu', 'cpu'), devices: fc.integer({ min: 1, max: 8 }) });
    const step = fc.record({ owner: fc.record({ userId, groupId }), shape, isEnd: fc.boolean() });
    fc.assert(
      fc.property(quotas, fc.array(step, { maxLength: 60 }), fc.nat(60), (all, steps, paperFrom) => {
        const book = new QuotaBook(all);
        let paper: QuotaBook | null = null;
        const running: Running[] = [];
        for (const [index, { owner, shape: change, isEnd }] of steps.entries()) {
          if (index === paperFrom) paper = book.onPaper();
          const current = paper ?? book;
          const need = aShape(change);
          const ending = isEnd ? running.shift() : undefined;
          if (ending) current.ended(ending.owner, ending.shape);
          else if (current.mayStart(owner, need) === null) {
            current.started(owner, need);
            running.push({ owner, shape: need });
          }
          for (const each of all) expect(overshoot(each, running)).toBeLessThanOrEqual(0);
        }
        const rebuilt = new QuotaBook(all);
        for (const job of running) rebuilt.started(job.owner, job.shape);
        for (const { owner, shape: change } of steps) {
          expect((paper ?? book).mayStart(owner, aShape(change))).toEqual(rebuilt.mayStart(owner, aShape(change)));
        }
      }),
    );
  });
});
