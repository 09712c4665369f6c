// The part of the read stores' contract that is about filters.
import { beforeEach, expect, it } from 'vitest';
import type { Collection, Filter } from '../port.ts';
import { at, type ContractContext, put, type Thing } from './things.ts';

export function describeFilters({ things }: ContractContext): void {
  const ids = (filter: Filter): Promise<string> => idsOf(things(), filter);

  beforeEach(() =>
    things().apply(
      put(
        { id: 'a', owner: 'ann', rank: 1, tags: ['x', 'y'], spec: { size: 1 } },
        { id: 'b', owner: 'bob', rank: true, tags: [], spec: { size: '1' } },
        { id: 'c', owner: null, rank: '1', tags: 'x', spec: {} },
        { id: 'd', rank: 2, tags: [1, true, null], spec: { size: { deep: 1 } } },
      ),
      at(1),
    ),
  );

  describeValues(ids);
  describeFields(ids);

  it('refuses what can not be a field', async () => {
    await expect(things().count({ "a') OR 1=1 --": 1 })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(things().count({ $where: 1 })).rejects.toMatchObject({ code: 'invalid_input' });
  });
}

type Ids = (filter: Filter) => Promise<string>;

function describeValues(ids: Ids): void {
  it('takes values of the same type only', async () => {
    expect(await ids({ rank: 1 })).toBe('a');
    expect(await ids({ rank: true })).toBe('b');
    expect(await ids({ rank: '1' })).toBe('c');
    expect(await ids({ rank: { in: [1, '1'] } })).toBe('ac');
  });

  it('finds a list by any of its values', async () => {
    expect(await ids({ tags: 'x' })).toBe('ac');
    expect(await ids({ tags: true })).toBe('d');
    expect(await ids({ tags: { in: ['y', 1] } })).toBe('ad');
    expect(await ids({ tags: { ne: 'x' } })).toBe('bd');
    expect(await ids({ tags: '["x","y"]' })).toBe('');
  });

  it('takes a missing field for null', async () => {
    expect(await ids({ owner: null })).toBe('cd');
    expect(await ids({ owner: { ne: null } })).toBe('ab');
    expect(await ids({ owner: { ne: 'ann' } })).toBe('bcd');
    expect(await ids({ owner: { in: ['ann', null] } })).toBe('acd');
    expect(await ids({ tags: null })).toBe('d');
  });
}

function describeFields(ids: Ids): void {
  it('looks into nested fields', async () => {
    expect(await ids({ 'spec.size': 1 })).toBe('a');
    expect(await ids({ 'spec.size': null })).toBe('c');
    expect(await ids({ 'spec.size.deep': 1 })).toBe('d');
  });

  it('finds nothing in an empty list of values', async () => {
    expect(await ids({ owner: { in: [] } })).toBe('');
  });

  it('wants all members of a filter, and everything for an empty one', async () => {
    expect(await ids({ owner: 'ann', rank: 1 })).toBe('a');
    expect(await ids({ owner: 'ann', rank: 2 })).toBe('');
    expect(await ids({})).toBe('abcd');
  });

  it('finds by id and by fields without an index', async () => {
    expect(await ids({ id: { in: ['a', 'd'] } })).toBe('ad');
    expect(await ids({ 'spec.nothing': { ne: 1 } })).toBe('abcd');
  });
}

async function idsOf(things: Collection<Thing>, filter: Filter): Promise<string> {
  const page = await things.page({
    anyOf: [],
    filter,
    sort: { field: 'id', descending: false },
    limit: 100,
  });
  expect(await things.count(filter)).toBe(page.items.length);
  return page.items.map((thing) => thing.id).join('');
}
