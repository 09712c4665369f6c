// A trace as jobs in the order of submission, or every reason why it is none.
import { DEVICE_PARTS, twentiethsOf } from '@baton/contracts';
import { badRows, type RowFault, unreadable } from './faults.ts';
import { type Columns, columnsOf, type FormatName, FORMATS } from './formats.ts';
import { type Row, rowsOf } from './rows.ts';
import type { TraceJob } from './trace-job.ts';

export interface TraceSource {
  /** For messages. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly format: FormatName;
  /** What the jobs are to run on. */
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** So many jobs that ask for parts may share one GPU; absent: none do. */
  readonly jobsPerDevice?: number;
}

/** Some 30,000 years: what is above is no time, and would lose its last milliseconds. */
const MOST_MS = 1e15;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

export function readTrace(source: TraceSource): readonly TraceJob[] {
  const { file, bytes, format } = source;
  if (bytes.length === 0) throw unreadable(file, 'it is empty');
  const [header, ...rows] = rowsOf(file, bytes);
  if (!header) throw unreadable(file, 'it has no rows');
  const columns = columnsOf(header.fields, format);
  if ('faults' in columns) {
    const found = `It has: ${header.fields.slice(0, 20).join(', ')}.`;
    throw unreadable(file, `it is no ${format} trace: ${columns.faults.join('; ')}. ${found}`);
  }
  if (rows.length === 0) throw unreadable(file, 'it has a header, and no jobs');
  const read = rows.map((row) => readRow(row, { ...source, columns, width: header.fields.length }));
  const faults = [...read.flatMap(({ fault }) => fault ?? []), ...repeated(read.flatMap(({ job }) => job ?? []))];
  if (faults.length > 0)
    throw badRows(
      file,
      faults.toSorted((a, b) => a.line - b.line),
    );
  return read.flatMap(({ job }) => job ?? []).toSorted((a, b) => a.submittedAt - b.submittedAt);
}

interface Reading extends TraceSource {
  readonly columns: Columns;
  readonly width: number;
}

type ReadRow = { readonly job: TraceJob; readonly fault?: never } | { readonly fault: RowFault; readonly job?: never };

function readRow({ line, fields }: Row, reading: Reading): ReadRow {
  const { columns, width, format } = reading;
  if (fields.length !== width)
    return { fault: { line, text: `it has ${fields.length} fields, and the header has ${width}` } };
  const faults: string[] = [];
  const text = (column: number | undefined): string | null =>
    (column === undefined ? undefined : fields[column]?.trim()) || null;
  const number = (name: string, column: number): number => {
    const written = text(column) ?? '';
    if (NUMBER.test(written)) return Number(written);
    faults.push(`${name} is ${written === '' ? 'missing' : `"${written}", not a number`}`);
    return Number.NaN;
  };
  const timeMs = (name: string, column: number): number => {
    const ms = Math.round(number(name, column) * FORMATS[format].msPerUnit);
    if (ms < 0) faults.push(`${name} is negative: ${text(column)}`);
    if (ms > MOST_MS) faults.push(`${name} is too large: ${text(column)}`);
    return ms;
  };
  const id = text(columns.id);
  if (id === null) faults.push('job_id is missing');
  const job: TraceJob = {
    id: id ?? '',
    line,
    submittedAt: timeMs('the submission time', columns.submitted),
    durationMs: timeMs('the duration', columns.duration),
    gpus: number('the number of GPUs', columns.gpus),
    user: text(columns.user),
    group: text(columns.group),
    className: text(columns.class),
    limitMs:
      columns.limit === undefined || text(columns.limit) === null ? null : timeMs('the time limit', columns.limit),
  };
  faults.push(...unfit(job, reading));
  return faults.length > 0 ? { fault: { line, text: faults.join('; ') } } : { job };
}

function unfit({ gpus, limitMs }: TraceJob, { nodes, gpusPerNode, jobsPerDevice = 1 }: TraceSource): string[] {
  const faults: string[] = [];
  if (limitMs === 0) faults.push('the time limit is 0');
  if (Number.isNaN(gpus)) return faults;
  const isPart = twentiethsOf(gpus) !== null;
  if (!isPart && (!Number.isInteger(gpus) || gpus < 1))
    faults.push(`the number of GPUs is ${gpus}, neither a whole number above 0 nor ${DEVICE_PARTS}`);
  else if (isPart && jobsPerDevice === 1)
    faults.push(`it asks for ${gpus} of a GPU, and nothing says that jobs share them: give --jobs-per-device`);
  else if (Math.ceil(gpus / gpusPerNode) > nodes)
    faults.push(`it asks for ${gpus} GPUs, and ${nodes} nodes of ${gpusPerNode} have ${nodes * gpusPerNode}`);
  return faults;
}

function repeated(jobs: readonly TraceJob[]): RowFault[] {
  const firstLine = new Map<string, number>();
  return jobs.flatMap(({ id, line }) => {
    const first = firstLine.get(id);
    if (first === undefined) firstLine.set(id, line);
    return first === undefined ? [] : [{ line, text: `the job_id ${id} is that of line ${first} too` }];
  });
}
