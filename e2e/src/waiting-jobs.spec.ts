// Jobs that wait, from outside: an array one at a time, a job after all of it, one that is held, one that can never start.
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ended, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CPU_SLOTS: '3' }));
});
afterAll(() => platform.cleanUp());

/** Notes when it runs, so that two at once would be seen. */
const NOTE =
  'echo "+$BATON_ARRAY_INDEX/$BATON_ARRAY_COUNT=$BATON_ARRAY_VALUE" >> "$NOTES"; sleep 0.3; echo - >> "$NOTES"';

it('an array runs one at a time where it says so, and the job after it has what all of them left', async () => {
  const notes = `${platform.files}/notes`;
  const array = { values: ['a', 'b', 'c'], parallel: 1 };
  const submission = await admin.jobs.submit(shell(NOTE, { array, env: { NOTES: notes } }));
  const arrayId = submission.array?.id ?? '';
  const whole = await admin.jobs.submit(shell(`cat "${notes}"`, { after: [{ job: arrayId }] }));
  expect((await admin.jobs.get(whole.id)).waiting).toMatchObject({ code: 'waiting-for-job', heldBy: [arrayId] });
  expect(await ended(admin, whole.id)).toMatchObject({ state: 'succeeded' });
  expect(await admin.jobs.logs(whole.id)).toBe('+0/3=a\n-\n+1/3=b\n-\n+2/3=c\n-\n');
  const { items } = await admin.jobs.list({ array: arrayId });
  expect(items.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  await expect(admin.jobs.cancel(arrayId)).rejects.toMatchObject({ code: 'conflict' });
});

it('a held array starts when it is released, and a job that waits for a failure is cancelled when there is none', async () => {
  const held = await admin.jobs.submit(shell('true', { array: { count: 2 }, hold: true }));
  const arrayId = held.array?.id ?? '';
  const rescue = await admin.jobs.submit(shell('true', { after: [{ job: held.id, when: 'failure' }] }));
  const afterwards = await admin.jobs.submit(shell('true', { after: [{ job: rescue.id, when: 'end' }] }));
  expect(await untilState(admin, held.id, 'queued')).toMatchObject({
    flags: { held: true },
    waiting: { code: 'held' },
  });
  expect(await admin.jobs.release(arrayId)).toMatchObject({ id: arrayId, jobs: 2 });
  expect(await ended(admin, rescue.id)).toMatchObject({
    state: 'cancelled',
    message: `It waited for the failure of job ${held.id}, which has succeeded.`,
  });
  expect(await ended(admin, afterwards.id)).toMatchObject({ state: 'succeeded' });
});
