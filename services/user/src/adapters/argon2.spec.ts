// What password hashing guarantees.
import { describe, expect, it } from 'vitest';
import { Argon2Hasher, formatPhc, parsePhc } from './argon2.ts';

const hasher = new Argon2Hasher();

describe('a password', () => {
  it('is kept as an argon2id PHC string with the recommended cost and a salt of its own', async () => {
    const [first, second] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(first).not.toBe(second);
    const parsed = parsePhc(first);
    expect(parsed && formatPhc(parsed)).toBe(first);
  });

  it('verifies itself alone, however its accents are composed', async () => {
    const phc = await hasher.hash('caf\u00e9 au lait');
    expect(await hasher.verify('caf\u0065\u0301 au lait', phc)).toBe(true);
    expect(await hasher.verify('cafe au lait', phc)).toBe(false);
    expect(await hasher.verify('', phc)).toBe(false);
  });

  it('verifies a hash that another implementation made', async () => {
    // The reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 32
    const phc = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
    expect(await hasher.verify('password', phc)).toBe(true);
    expect(await hasher.verify('Password', phc)).toBe(false);
  });

  it('never verifies for an account that does not exist', async () => {
    expect(await hasher.verify('anything', null)).toBe(false);
  });

  it('refuses more work than its queue holds', async () => {
    const busy = new Argon2Hasher(1, 1);
    const [first, second, third] = await Promise.allSettled([busy.hash('a'), busy.hash('b'), busy.hash('c')]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(third).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
  });
});
