// Jobs named by the beginning of their id.
import { describe, expect, it } from 'vitest';
import { oneByPrefix, shortId } from './find-job.ts';

const jobs = ['job_abcdefgh', 'job_abczzzzz', 'job_xyzxyzxy'].map((id) => ({ id }));

describe('the beginning of an id', () => {
  it('is enough if it is one job’s alone, with or without job_', () => {
    expect(oneByPrefix(jobs, 'job_xyz').id).toBe('job_xyzxyzxy');
    expect(oneByPrefix(jobs, 'abcd').id).toBe('job_abcdefgh');
  });
  it('is refused if it is several jobs’', () => {
    expect(() => oneByPrefix(jobs, 'abc')).toThrow('Several');
  });
  it('is refused if it is no job’s', () => {
    expect(() => oneByPrefix(jobs, 'nothing')).toThrow('There is no job nothing');
  });
});

it('shortens ids to what finds them again', () => {
  const id = 'job_fvv6djbqx7kzg4bb4ql65z5xqc';
  expect(oneByPrefix([...jobs, { id }], shortId(id)).id).toBe(id);
});
