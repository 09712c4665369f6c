// The part of the read stores' contract that is about pages: order, cursors, limits.
import { expect, it } from 'vitest';
import type { Page, PageRequest } from '../port.ts';
import { at, type ContractContext, put, type Thing } from './things.ts';

const BY_RANK = { field: 'rank', descending: false } as const;
const all = (over: Partial<PageRequest> = {}): PageRequest => ({ anyOf: [], limit: 2, ...over });
const ids = (page: Page<Thing>): string => page.items.map((thing) => thing.id).join('');

export function describePaging(context: ContractContext): void {
  describeOrder(context);
  describeRequests(context);
  describeCursors(context);
}

function describeOrder({ things }: ContractContext): void {
  it('sorts the newest first by default, ties by id', async () => {
    await things().apply(put({ id: 'a', createdAt: 1 }, { id: 'b', createdAt: 2 }, { id: 'c', createdAt: 2 }), at(1));
    expect(ids(await things().page(all({ limit: 10 })))).toBe('cba');
  });

  it('walks through everything once, nulls first ascending and last descending', async () => {
    await things().apply(
      put({ id: 'a', rank: 2 }, { id: 'b' }, { id: 'c', rank: 10 }, { id: 'd', rank: null }, { id: 'e', rank: 2 }),
      at(1),
    );
    for (const [descending, expected] of [
      [false, 'bdaec'],
      [true, 'ceadb'],
    ] as const) {
      for (const limit of [1, 2, 3, 5]) {
        let seen = '';
        let cursor: string | null = null;
        do {
          const page: Page<Thing> = await things().page(
            all({ sort: { field: 'rank', descending }, limit, ...(cursor === null ? {} : { cursor }) }),
          );
          expect(page.items.length).toBeGreaterThan(0);
          seen += ids(page);
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(seen).toBe(expected);
      }
    }
  });

  it('has no cursor on a last page that is exactly full', async () => {
    await things().apply(put({ id: 'a' }, { id: 'b' }), at(1));
    expect((await things().page(all())).nextCursor).toBeNull();
    expect(await things().page(all({ filter: { owner: 'nobody' } }))).toEqual({ items: [], nextCursor: null });
  });

  it('neither repeats nor skips when documents come in between', async () => {
    await things().apply(put({ id: 'a', rank: 1 }, { id: 'c', rank: 3 }, { id: 'd', rank: 4 }), at(1));
    const first = await things().page(all({ sort: BY_RANK }));
    await things().apply(put({ id: 'b', rank: 2 }, { id: 'e', rank: 5 }), at(2));
    const second = await things().page(all({ sort: BY_RANK, cursor: String(first.nextCursor) }));
    expect(ids(first) + ids(second)).toBe('acde');
  });
}

function describeRequests({ things }: ContractContext): void {
  it('takes any of the alternatives and the filter as well', async () => {
    await things().apply(
      put(
        { id: 'a', owner: 'ann', rank: 1 },
        { id: 'b', owner: 'bob', tags: ['shared'], rank: 1 },
        { id: 'c', owner: 'bob', rank: 1 },
        { id: 'd', owner: 'ann', rank: 2 },
      ),
      at(1),
    );
    const page = await things().page({ anyOf: [{ owner: 'ann' }, { tags: 'shared' }], filter: { rank: 1 }, limit: 10 });
    expect(ids(page)).toBe('ba');
  });

  it.each([0, -1, 1.5, 1001, Number.NaN])('refuses a limit of %s', async (limit) => {
    await expect(things().page(all({ limit }))).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ pointer: '/limit' }],
    });
  });

  it('refuses to sort by a field without an index', async () => {
    const request = all({ sort: { field: 'color', descending: false } });
    await expect(things().page(request)).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ pointer: '/sort' }],
    });
  });
}

function describeCursors({ things, other }: ContractContext): void {
  const refusal = { code: 'invalid_input', issues: [{ pointer: '/cursor' }] };
  const cursorByRank = async (): Promise<string> => {
    await things().apply(put({ id: 'a', rank: 1 }, { id: 'b', rank: 2 }, { id: 'c', rank: 3 }), at(1));
    return String((await things().page(all({ sort: BY_RANK }))).nextCursor);
  };

  it('refuses a damaged cursor', async () => {
    const cursor = await cursorByRank();
    const tampered = [
      '',
      'x',
      '?',
      cursor.slice(1),
      `${cursor}A`,
      `${cursor}=`,
      cursor.replace(/.{3}$/, 'AAA'),
      Buffer.from('{"a":1}').toString('base64url'),
    ];
    for (const wrong of tampered) {
      await expect(things().page(all({ sort: BY_RANK, cursor: wrong }))).rejects.toMatchObject(refusal);
    }
  });

  it('refuses the cursor of another order or collection', async () => {
    const cursor = await cursorByRank();
    await expect(things().page(all({ cursor }))).rejects.toMatchObject(refusal);
    await expect(things().page(all({ cursor, sort: { ...BY_RANK, descending: true } }))).rejects.toMatchObject(refusal);
    await expect((await other()).page(all({ cursor, sort: BY_RANK }))).rejects.toMatchObject(refusal);
  });

  it('keeps a cursor good after the store was opened again', async () => {
    const cursor = await cursorByRank();
    expect(ids(await things().page(all({ cursor, sort: BY_RANK })))).toBe('c');
  });
}
