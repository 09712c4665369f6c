// What can't be a commit of the log is refused with its place.
import { expect, it } from 'vitest';
import { decodeCommit, decodeOnce, encodeCommit, rememberWritten } from './stored-commit.ts';
import { commit, newRef } from './testing/commits.ts';

const subject = `evt.job.${newRef('job').id}`;
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const failure = (text: string) =>
  expect.objectContaining({ code: 'internal', detail: expect.stringContaining(text) as string }) as Error;

it('reads what it wrote', () => {
  const written = commit();
  expect(decodeCommit(3, subject, encodeCommit(written))).toMatchObject({
    ...written,
    position: 3,
    ref: { aggregate: 'job' },
  });
});

it('gives the commit that was written, as it would be decoded, and any other that stands in its place', () => {
  const ref = newRef('job');
  const place = `evt.job.${ref.id}`;
  const [written, other] = [commit(), commit()];
  rememberWritten(written, ref, { position: 7, subject: place, bytes: encodeCommit(written) });
  expect(decodeOnce({ position: 7, subject: place, bytes: encodeCommit(written) }).events).toBe(written.events);
  expect(decodeOnce({ position: 7, subject: place, bytes: encodeCommit(written) })).toStrictEqual(
    decodeCommit(7, place, encodeCommit(written)),
  );
  expect(decodeOnce({ position: 7, subject: place, bytes: encodeCommit(other) })).toStrictEqual(
    decodeCommit(7, place, encodeCommit(other)),
  );
  expect(decodeOnce({ position: 7, subject: subject, bytes: encodeCommit(other) }).ref).toEqual(
    decodeCommit(7, subject, encodeCommit(other)).ref,
  );
});

it.each([
  'evt.job',
  'evt.nothing.nam_aaaaaaaaaaaaaaaaaaaaaaaaaa',
  'evt.job.job_x',
  `${subject}.more`,
  'log.job.x',
  'evt.toString.x',
])('refuses the subject %s', (wrong) => {
  expect(() => decodeCommit(9, wrong, encodeCommit(commit()))).toThrow(failure('position 9'));
});

it('refuses bytes that are no commit, naming the position', () => {
  expect(() => decodeCommit(9, subject, Buffer.from('{'))).toThrow(failure('position 9'));
  expect(() => decodeCommit(9, subject, bytesOf({ ...commit(), revision: 0 }))).toThrow(failure('/revision'));
  expect(() => decodeCommit(9, subject, bytesOf({ ...commit(), extra: 1 }))).toThrow(failure('/extra'));
});

it('refuses a commit of a newer version of the platform', () => {
  expect(() => decodeCommit(9, subject, bytesOf(commit({ envelopeV: 2 })))).toThrow(failure('newer version'));
});
