// The part of the read stores' contract that is about single documents, and the checkpoint.
import { expect, it } from 'vitest';
import { at, type ContractContext, put } from './things.ts';

export function describeDocuments(context: ContractContext): void {
  describeContent(context);
  describeLifetime(context);
}

function describeContent({ things }: ContractContext): void {
  it('gives back what was put, whole', async () => {
    const document = {
      id: 'a',
      text: 'é "quoted" 한국어',
      list: [1, [2], { deep: null }],
      empty: {},
      labels: { 'a.b/c': 'x', $set: 'y', '%24': 'z' },
      number: 1.5,
      big: 2 ** 52,
      yes: true,
    };
    await things().apply(put(document), at(1));
    expect(await things().get('a')).toEqual(document);
  });

  it('answers null for an id that is not there', async () => {
    expect(await things().get('nobody')).toBeNull();
  });

  it('gives those of many ids that exist', async () => {
    await things().apply(put({ id: 'a' }, { id: 'b' }, { id: 'c' }), at(1));
    const found = await things().getMany(['a', 'c', 'x']);
    expect(found.map((thing) => thing.id).toSorted()).toEqual(['a', 'c']);
    expect(await things().getMany([])).toEqual([]);
  });

  it('replaces a document whole', async () => {
    await things().apply(put({ id: 'a', old: 1 }), at(1));
    await things().apply(put({ id: 'a', fresh: 1 }), at(2));
    expect(await things().get('a')).toEqual({ id: 'a', fresh: 1 });
  });

  it('deletes, also what is not there', async () => {
    await things().apply(put({ id: 'a' }), at(1));
    await things().apply(
      [
        { kind: 'delete', id: 'a' },
        { kind: 'delete', id: 'b' },
      ],
      at(2),
    );
    expect(await things().get('a')).toBeNull();
  });

  it('takes the last of several changes to one document', async () => {
    await things().apply([...put({ id: 'a', n: 1 }), { kind: 'delete', id: 'a' }, ...put({ id: 'a', n: 2 })], at(1));
    await things().apply([...put({ id: 'b' }), { kind: 'delete', id: 'b' }], at(2));
    expect(await things().get('a')).toEqual({ id: 'a', n: 2 });
    expect(await things().get('b')).toBeNull();
  });
}

function describeLifetime({ things, other, reopen }: ContractContext): void {
  it('keeps collections apart', async () => {
    const others = await other();
    await things().apply(put({ id: 'a', in: 'things' }), at(5));
    expect(await others.get('a')).toBeNull();
    expect(await others.checkpoint()).toBeNull();
  });

  it('finds all again when opened again', async () => {
    await things().apply(put({ id: 'a', n: 1 }), at(7));
    const again = await reopen();
    expect(await again.get('a')).toEqual({ id: 'a', n: 1 });
    expect(await again.checkpoint()).toEqual(at(7));
  });

  it('applies a thousand documents in one call', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ id: `t${index}`, rank: index, text: 'x'.repeat(200) }));
    await things().apply(put(...many), at(1));
    expect(await things().count({})).toBe(1000);
  });
}

export function describeCheckpoint({ things, reopen }: ContractContext): void {
  it('has none before the first apply', async () => {
    expect(await things().checkpoint()).toBeNull();
  });

  it('moves with an apply that changes nothing else', async () => {
    await things().apply([], at(3));
    expect(await things().checkpoint()).toEqual(at(3));
  });

  it('leaves everything as it is on an apply from before the checkpoint', async () => {
    await things().apply(put({ id: 'a', n: 10 }), at(10));
    await things().apply([...put({ id: 'a', n: 9 }, { id: 'b' })], at(9));
    await things().apply([{ kind: 'delete', id: 'a' }], at(10));
    expect(await things().get('a')).toEqual({ id: 'a', n: 10 });
    expect(await things().get('b')).toBeNull();
    expect(await things().checkpoint()).toEqual(at(10));
  });

  it('drops documents and checkpoint on reset, and takes earlier positions then', async () => {
    await things().apply(put({ id: 'a' }, { id: 'b' }), at(10));
    await things().reset();
    expect(await things().checkpoint()).toBeNull();
    expect(await things().count({})).toBe(0);
    await things().apply(put({ id: 'a', n: 1 }), at(1));
    expect(await things().get('a')).toEqual({ id: 'a', n: 1 });
  });

  it('drops documents and checkpoint when opened at another version', async () => {
    await things().apply(put({ id: 'a' }), at(10));
    const next = await reopen(2);
    expect(await next.checkpoint()).toBeNull();
    expect(await next.get('a')).toBeNull();
    expect(await next.count({})).toBe(0);
  });
}
