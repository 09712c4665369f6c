// The SQLite adapter: the contract, and what happens to damaged files.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeReadStore } from '../testing/contract.ts';
import { at, put, type Thing, THINGS } from '../testing/things.ts';
import { all, expression, filterSql, segmentSql } from './condition.ts';
import { openSqliteReadStore } from './store.ts';

describeReadStore(
  'sqlite',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'read-store-'));
    return {
      open: () => openSqliteReadStore({ path: join(folder, 'deep', 'read.sqlite') }),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
  { runs: 200 },
);

describe('the file of the sqlite read store', () => {
  let folder: string;
  let path: string;
  let discarded: string[];
  const open = () => openSqliteReadStore({ path, onDiscarded: (movedTo) => discarded.push(movedTo) });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'read-store-'));
    path = join(folder, 'read.sqlite');
    discarded = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function fill(count: number): Promise<void> {
    const store = await open();
    const things = await store.collection<Thing>('things', THINGS);
    await things.apply(
      put(...Array.from({ length: count }, (_, n) => ({ id: `t${n}`, text: 'x'.repeat(500) }))),
      at(1),
    );
    await store.close();
  }

  async function count(): Promise<number> {
    const store = await open();
    const found = await (await store.collection<Thing>('things', THINGS)).count({});
    await store.close();
    return found;
  }

  it('is moved aside and made anew when it is no database', async () => {
    writeFileSync(path, 'not a database at all '.repeat(100));
    expect(await count()).toBe(0);
    expect(discarded).toHaveLength(1);
    expect(readFileSync(String(discarded[0]), 'utf8')).toContain('not a database');
  });

  it('is moved aside when a crash left damaged pages', async () => {
    await fill(200);
    writeFileSync(path, readFileSync(path).fill(0xff, 8192, 40_000));
    writeFileSync(`${path}-wal`, '');
    expect(await count()).toBe(0);
    expect(discarded).toHaveLength(1);
  });

  it('is moved aside at the next start when a query met damage', async () => {
    await fill(200);
    writeFileSync(path, readFileSync(path).fill(0xff, 8192));
    await expect(count()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await count()).toBe(0);
    expect(readdirSync(folder).filter((name) => name.includes('damaged'))).toHaveLength(1);
  });

  it('is moved aside when it has tables of another layout', async () => {
    const foreign = new DatabaseSync(path);
    foreign.exec('PRAGMA user_version = 99');
    foreign.close();
    expect(await count()).toBe(0);
    expect(discarded).toHaveLength(1);
  });

  it('survives a process that never closed it', async () => {
    const lost = await open();
    await (await lost.collection<Thing>('things', THINGS)).apply(put({ id: 'a' }), at(1));
    expect(await count()).toBe(1);
    expect(discarded).toEqual([]);
    await lost.close();
  });

  it('is readable for its owner only', async () => {
    await fill(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('answers a page by an index, without sorting', async () => {
    await fill(1);
    const connection = new DatabaseSync(path);
    const sort = { field: 'createdAt', descending: true };
    const parts = [
      filterSql({ owner: 'ann' }, new Set(['owner'])),
      segmentSql({ kind: 'after', value: 5, id: 'x' }, sort),
    ];
    const where = all(parts);
    const order = `${expression('createdAt')} DESC, id DESC`;
    const sql = `EXPLAIN QUERY PLAN SELECT doc FROM documents_things WHERE ${where.text} ORDER BY ${order} LIMIT 10`;
    const plan = connection.prepare(sql).all(...where.values);
    expect(plan.map((row) => row['detail'])).toEqual([
      'SEARCH documents_things USING INDEX things:owner,createdAt (<expr>=? AND <expr><?)',
    ]);
    connection.close();
  });
});
