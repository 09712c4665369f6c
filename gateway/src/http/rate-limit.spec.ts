// The rate limit: a burst, then a pace, for each key by itself.
import { expect, it } from 'vitest';
import { RateLimit } from './rate-limit.ts';

it('takes a burst and then so many a second, for each key by itself, and says when to come again', () => {
  let now = 0;
  const limit = new RateLimit({ perSecond: 10, burst: 3 }, () => now);
  const take = (key: string) => () => limit.take(key);
  for (let count = 0; count < 3; count += 1) limit.take('a');
  expect(take('a')).toThrowError(expect.objectContaining({ code: 'rate_limited', retryAfterMs: 100 }));
  expect(take('b')).not.toThrow();
  now = 100;
  expect(take('a')).not.toThrow();
  expect(take('a')).toThrow('at most 10 a second');
});
