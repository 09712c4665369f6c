// So much at once: of one user, and of all together.
import { describe, expect, it } from 'vitest';
import { LoadLimit } from './load-limit.ts';

describe('a limit of what is carried out at once', () => {
  it('refuses one user what is too much of one, and lets others in', () => {
    const limit = new LoadLimit({ atOnce: 10, ofOne: 2 });
    const leave = limit.enter('ada');
    limit.enter('ada');
    expect(() => limit.enter('ada')).toThrow(
      expect.objectContaining({ code: 'rate_limited', retryAfterMs: 1_000 }) as Error,
    );
    limit.enter('bob');
    leave();
    expect(limit.enter('ada')).toBeTypeOf('function');
  });

  it('refuses everybody what is too much of all', () => {
    const limit = new LoadLimit({ atOnce: 2, ofOne: 2 });
    const leave = limit.enter('ada');
    limit.enter('bob');
    expect(() => limit.enter('eve')).toThrow(
      expect.objectContaining({ code: 'unavailable', retryAfterMs: 1_000 }) as Error,
    );
    leave();
    expect(limit.enter('eve')).toBeTypeOf('function');
  });
});
