// Secrets never get through, and nothing moves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from './redaction.ts';

describe('redaction', () => {
  it('masks every secret and keeps every offset', () => {
    const redacted = new Redactor(['hunter2', 'pässword']).redact(Buffer.from('a hunter2 b pässword c hunter2'));
    expect(redacted.toString()).toBe('a ******* b ********* c *******');
  });

  it('leaves values shorter than four bytes alone', () => {
    expect(new Redactor(['abc', '']).redactText('abc')).toBe('abc');
  });

  it('leaves no whole secret, for any text around and any overlap', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 });
    const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(letters, fc.array(secret, { minLength: 1 }), letters, (before, secrets, after) => {
        const text = Buffer.from(before + secrets.join('') + after);
        const redacted = new Redactor(secrets).redact(text);
        expect(redacted.length).toBe(text.length);
        for (const value of secrets) expect(redacted.includes(value)).toBe(false);
      }),
    );
  });

  it('holds back exactly what may begin a secret', () => {
    const redactor = new Redactor(['hidden', 'token!']);
    expect(redactor.heldBack(Buffer.from('the hid'))).toBe(3);
    expect(redactor.heldBack(Buffer.from('is hidden'))).toBe(0);
    expect(redactor.heldBack(Buffer.from('x tokentok'))).toBe(3);
  });
});
