// What the limit on failed log-ins guarantees.
import { describe, expect, it } from 'vitest';
import { LogInLimit } from './log-in-limit.ts';

const MINUTE_MS = 60_000;
const fail = (limit: LogInLimit, account: string, times: number, at = 0) => {
  for (let count = 0; count < times; count += 1) limit.attempt(account, at);
};

describe('the limit on failed log-ins', () => {
  it('refuses the eleventh within five minutes, and says when to come back', () => {
    const limit = new LogInLimit();
    fail(limit, 'ada', 10, MINUTE_MS);
    expect(() => limit.attempt('ada', 2 * MINUTE_MS)).toThrow(
      expect.objectContaining({ code: 'rate_limited', retryAfterMs: 4 * MINUTE_MS }),
    );
    expect(() => limit.attempt('bob', 2 * MINUTE_MS)).not.toThrow();
  });

  it('lets in again when the failures are five minutes old', () => {
    const limit = new LogInLimit();
    fail(limit, 'ada', 10);
    expect(() => limit.attempt('ada', 5 * MINUTE_MS)).not.toThrow();
  });

  it('does not extend the wait for attempts that it refused', () => {
    const limit = new LogInLimit();
    fail(limit, 'ada', 10);
    expect(() => limit.attempt('ada', 4 * MINUTE_MS)).toThrow(/Too many failed/);
    expect(() => limit.attempt('ada', 5 * MINUTE_MS)).not.toThrow();
  });

  it('forgets failures after a success', () => {
    const limit = new LogInLimit();
    fail(limit, 'ada', 9);
    limit.succeeded('ada');
    expect(() => fail(limit, 'ada', 10)).not.toThrow();
  });
});
