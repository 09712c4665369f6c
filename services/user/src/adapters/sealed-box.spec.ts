// What sealing guarantees.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { open, purposeKey, seal } from './sealed-box.ts';

const key = purposeKey('installation secret', 'a test');

describe('a sealed value', () => {
  it('opens to what was sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (plain, about) => {
        expect(open(key, seal(key, plain, about), about)).toEqual(Buffer.from(plain));
      }),
    );
  });

  it('refuses another key, another purpose and another place', () => {
    const sealed = seal(key, Buffer.from('value'), 'usr_ada:email');
    expect(() => open(randomBytes(32), sealed, 'usr_ada:email')).toThrow(/unable to authenticate/);
    expect(() => open(purposeKey('installation secret', 'another'), sealed, 'usr_ada:email')).toThrow(
      /unable to authenticate/,
    );
    expect(() => open(key, sealed, 'usr_ada:name')).toThrow(/unable to authenticate/);
  });

  it('refuses every changed or missing byte', () => {
    const sealed = seal(key, Buffer.from('value'), 'x');
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => open(key, changed, 'x')).toThrow(/unable to authenticate|cut short/);
      expect(() => open(key, sealed.subarray(0, index), 'x')).toThrow(/unable to authenticate|cut short/);
    }
  });

  it('never looks the same twice', () => {
    expect(seal(key, Buffer.from('value'), 'x')).not.toEqual(seal(key, Buffer.from('value'), 'x'));
  });
});
