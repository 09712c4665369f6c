// Property: for random documents, filters and page sizes, the pages are what the plain array gives.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Collection, Filter, PageRequest } from '../port.ts';
import { at, type ContractContext, put, type Thing } from './things.ts';
import { expectedOrder, holds } from './model.ts';

const text = fc.oneof(fc.constantFrom('ann', 'bob', '1', ''), fc.string({ maxLength: 3, unit: 'binary' }));
const number = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? 0 : x)),
);
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.option(fc.option(value, { nil: undefined }));

const document = fc
  .record({
    owner: maybe(text),
    createdAt: maybe(number),
    rank: maybe(number),
    tags: fc.oneof(maybe(scalar), fc.array(scalar, { maxLength: 3 })),
    spec: fc.oneof(fc.record({ size: maybe(scalar) }), fc.constant(null)),
  })
  .map((fields) => JSON.parse(JSON.stringify(fields)) as Record<string, unknown>);

const documents = fc
  .array(document, { maxLength: 25 })
  .map((list) => list.map((fields, index): Thing => ({ id: `t${(index * 7) % 25}`, ...fields })));

const member = fc.oneof(
  scalar,
  fc.record({ in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ ne: scalar }),
) satisfies fc.Arbitrary<Filter[string]>;

const filter: fc.Arbitrary<Filter> = fc.dictionary(
  fc.constantFrom('owner', 'rank', 'tags', 'spec.size', 'id'),
  member,
  { maxKeys: 2, noNullPrototype: true },
);

const request: fc.Arbitrary<PageRequest> = fc.record(
  {
    anyOf: fc.array(filter, { maxLength: 2 }),
    filter,
    sort: fc.record({
      field: fc.constantFrom('owner', 'rank', 'createdAt', 'id'),
      descending: fc.boolean(),
    }),
    limit: fc.integer({ min: 1, max: 12 }),
  },
  { requiredKeys: ['anyOf', 'limit'] },
);

export function describeRandomPages({ fresh }: ContractContext, runs: number): void {
  it('walks the pages that a plain array gives', async () => {
    const property = fc.asyncProperty(
      documents,
      fc.array(request, { minLength: 1, maxLength: 5 }),
      async (all, asked) => {
        const collection = await fresh('random');
        await collection.reset();
        await collection.apply(put(...all), at(1));
        for (const one of asked) {
          const expected = expectedOrder(all, one).map((thing) => thing.id);
          expect(await walk(collection, one)).toEqual(expected);
          expect(await collection.count(one.filter ?? {})).toBe(
            all.filter((thing) => holds(thing, one.filter ?? {})).length,
          );
        }
      },
    );
    await fc.assert(property, { numRuns: runs });
  });
}

async function walk(collection: Collection<Thing>, asked: PageRequest): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await collection.page({ ...asked, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(asked.limit);
    seen.push(...page.items.map((thing: Thing) => thing.id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return seen;
}
