// A trace is read by the names of its columns, and refused with every line that is not a job.
import { gzipSync } from 'node:zlib';
import { hasCode } from '@baton/errors';
import { describe, expect, it } from 'vitest';
import { readTrace, type TraceSource } from './read-trace.ts';

const HEADER = 'job_id,submit_time,duration,num_gpu';

function read(text: string | Uint8Array, change: Partial<TraceSource> = {}) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return readTrace({ file: 'jobs.csv', bytes, format: 'csv', nodes: 2, gpusPerNode: 4, ...change });
}

const said = (...args: Parameters<typeof read>): string => {
  try {
    read(...args);
  } catch (error) {
    if (hasCode(error, 'invalid_input')) return (error as Error).message;
    throw error;
  }
  throw new Error('the trace was read');
};

describe('a trace', () => {
  it('is read in milliseconds where its format says so, else in seconds', () => {
    const [muri] = read('job_id,num_gpu,submit_time,model,duration\na,2,1500,vgg,2500\n', { format: 'muri' });
    expect(muri).toMatchObject({ id: 'a', gpus: 2, submittedAt: 1_500, durationMs: 2_500 });
    const [itp] = read('job_id,submission_time,duration,num_gpu\na,1.5,2,2\n', { format: 'itp' });
    expect(itp).toMatchObject({ id: 'a', gpus: 2, submittedAt: 1_500, durationMs: 2_000 });
  });

  it('may have its columns in any order and under either name, and more of them', () => {
    const text =
      'gpus,note,group,duration,submission_time,user,class,time_limit,job_id\n4,x,vision,60,5,kim,urgent,90,a\n';
    expect(read(text)).toEqual([
      {
        id: 'a',
        line: 2,
        submittedAt: 5_000,
        durationMs: 60_000,
        gpus: 4,
        user: 'kim',
        group: 'vision',
        className: 'urgent',
        limitMs: 90_000,
      },
    ]);
    expect(read(`${HEADER},user,time_limit\na,0,1,1,,\n`)).toMatchObject([{ user: null, limitMs: null }]);
  });

  it('may have its rows in any order', () => {
    expect(read(`${HEADER}\nlate,9,1,1\nearly,1,1,1\n`).map(({ id }) => id)).toEqual(['early', 'late']);
  });

  it('may be zipped, whatever its name, and may come from any system', () => {
    const text = `\uFEFF${HEADER}\r\na,0,1,1\r\n\r\n`;
    expect(read(gzipSync(text)).map(({ id }) => id)).toEqual(['a']);
    expect(read(text).map(({ id, line }) => [id, line])).toEqual([['a', 2]]);
  });

  it('may quote its fields, with commas and lines in them', () => {
    const text = `"job_id","submit_time",duration,num_gpu,note\n"a, ""the first""",0,"1",1,"two\nlines"\nb,1,x,1,\n`;
    expect(said(text)).toContain('line 4: the duration is "x", not a number');
    expect(read(text.replace('x', '2')).map(({ id }) => id)).toEqual(['a, "the first"', 'b']);
  });
});

describe('what is no trace', () => {
  it('is refused with all that is missing', () => {
    expect(said('')).toBe('jobs.csv: it is empty');
    expect(said('\n\n')).toBe('jobs.csv: it has no rows');
    expect(said(`${HEADER}\n`)).toBe('jobs.csv: it has a header, and no jobs');
    expect(said('id;when\n1;2\n')).toBe(
      'jobs.csv: it is no csv trace: there is no column job_id; there is no column submit_time or submission_time; ' +
        'there is no column duration; there is no column num_gpu or gpus. It has: id;when.',
    );
    expect(said(`${HEADER},duration\na,0,1,1,1\n`)).toContain('the column duration is there twice');
    expect(said(`${HEADER}\n"a,0,1,1\n`)).toContain('it is not CSV');
    expect(said(gzipSync(`${HEADER}\na,0,1,1\n`).subarray(0, 30))).toContain('cut off or damaged');
    expect(said(new Uint8Array([0x50, 0x4b, 0xff, 0xfe]))).toBe('jobs.csv: it is not text in UTF-8');
  });

  it('is refused with each bad row and its line', () => {
    const rows = [
      'a,0,1,1',
      ',0,1,1',
      'b,-1,1,1',
      'c,0,-5,1',
      'd,zero,,1',
      'e,0,1,0',
      'f,0,1,1.5',
      'g,0,1,9',
      'a,0,1,1',
    ];
    expect(said(`${[HEADER, ...rows, 'h,0,1', 'i,1e300,1,1', 'j,Infinity,NaN,0x1'].join('\n')}\n`)).toBe(
      [
        'jobs.csv: 11 rows are not a job:',
        '  line 3: job_id is missing',
        '  line 4: the submission time is negative: -1',
        '  line 5: the duration is negative: -5',
        '  line 6: the submission time is "zero", not a number; the duration is missing',
        '  line 7: the number of GPUs is 0, neither a whole number above 0 nor a multiple of 0.05 below 1',
        '  line 8: the number of GPUs is 1.5, neither a whole number above 0 nor a multiple of 0.05 below 1',
        '  line 9: it asks for 9 GPUs, and 2 nodes of 4 have 8',
        '  line 10: the job_id a is that of line 2 too',
        '  line 11: it has 3 fields, and the header has 4',
        '  line 12: the submission time is too large: 1e300',
        '  line 13: the submission time is "Infinity", not a number; the duration is "NaN", not a number; the number of GPUs is "0x1", not a number',
      ].join('\n'),
    );
  });

  it('names twenty bad rows and counts the rest', () => {
    const lines = said(`${HEADER}\n${'a,0,-1,1\n'.repeat(25)}`).split('\n');
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('  and 5 more');
  });
});
