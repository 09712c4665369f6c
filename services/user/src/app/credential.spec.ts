// What the written form of tokens and invites guarantees.
import { describe, expect, it } from 'vitest';
import { formatCredential, parseCredential } from './credential.ts';

const id = 'a'.repeat(26);
const secret = `${'-_'.repeat(21)}Z`;

describe('a credential', () => {
  it('is read back as it was written, underscores in its secret included', () => {
    const token = formatCredential('token', { id: `tok_${id}`, secret });
    expect(token).toBe(`bat_${id}_${secret}`);
    expect(parseCredential('token', token)).toEqual({ id: `tok_${id}`, secret });
    expect(parseCredential('invite', formatCredential('invite', { id: `inv_${id}`, secret }))).toEqual({
      id: `inv_${id}`,
      secret,
    });
  });

  it.each([
    `bai_${id}_${secret}`,
    `bat_${id}_${secret}x`,
    `bat_${id}_${secret.slice(1)}`,
    `bat_*_${secret}`,
    `bat_${id}.>_${secret}`,
    ` bat_${id}_${secret}`,
    '',
    'bat',
  ])('refuses %j as a token', (text) => expect(parseCredential('token', text)).toBeNull());
});
