// GET /jobs/:id/logs/search: where a text stands in a job's output.
import { Bytes, strict } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type Static, Type } from 'typebox';
import { OUTPUTS, type OutputName, type OutputPlace, outputSource } from '../../streams/attempt-output.ts';
import { LogSearch, type SearchPlace } from '../../streams/log-search.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { AttemptQuery, OneOutputQuery, outputPlace } from './job-output.ts';
import { readableJob } from './readable-job.ts';
import { refuseRemovedOutput } from './removed-output.ts';

/** One request looks through so much, and then says where to go on. */
const MAX_BYTES = 256 * 1_048_576;
const DEFAULT_LIMIT = 100;

const Query = strict({
  q: Type.String({ minLength: 1, maxLength: 256 }),
  ...AttemptQuery,
  ...OneOutputQuery,
  /** Of A to Z. */
  ignoreCase: Type.Optional(Type.Boolean()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  cursor: Type.Optional(Type.String({ maxLength: 64 })),
});
const Hit = strict({
  output: Type.Union([Type.Literal('stdout'), Type.Literal('stderr')]),
  line: Type.Integer({ minimum: 1 }),
  offset: Bytes,
  text: Type.String(),
});
type Hit = Static<typeof Hit>;

interface Cursor {
  readonly output: OutputName;
  readonly place: SearchPlace;
}

export const searchJobLogs = operation({
  method: 'GET',
  url: '/jobs/:id/logs/search',
  summary: "Find a text in a job's output: the first place in each line; may answer a page early, with a `nextCursor`",
  access: 'job-token-ok',
  schema: {
    params: IdPath,
    query: Query,
    response: strict({ items: Type.Array(Hit), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
  },
  handler: async (call) => {
    const { job, signal } = await readableJob(call);
    refuseRemovedOutput(job);
    const { query, gateway } = call;
    const place = outputPlace({ job, gateway, signal }, query);
    const { items, next } = await search(place, query);
    return { items, nextCursor: next && formatCursor(next) };
  },
});

async function search(place: OutputPlace, query: Static<typeof Query>): Promise<{ items: Hit[]; next: Cursor | null }> {
  const { limit = DEFAULT_LIMIT, ignoreCase = false } = query;
  const cursor = query.cursor === undefined ? null : parseCursor(query.cursor);
  const outputs = OUTPUTS.filter((output) => query.output === undefined || query.output === output);
  const items: Hit[] = [];
  const budget = { bytes: MAX_BYTES };
  for (const output of outputs.slice(Math.max(0, cursor ? outputs.indexOf(cursor.output) : 0))) {
    const source = await outputSource(place, output);
    const from = cursor?.output === output ? cursor.place : { offset: source.firstByte, line: 1, inFound: false };
    const found = new LogSearch(query.q, { ignoreCase, from });
    if (from.offset >= source.sizeBytes) continue;
    const bytes = await source.open({ start: Math.max(from.offset, source.firstByte), end: source.sizeBytes - 1 });
    for await (const hit of hits(bytes, found, budget)) {
      items.push({ output, ...hit });
      if (items.length === limit) return { items, next: { output, place: found.place } };
    }
    if (budget.bytes <= 0) return { items, next: { output, place: found.place } };
  }
  return { items, next: null };
}

async function* hits(bytes: AsyncIterable<Uint8Array>, found: LogSearch, budget: { bytes: number }) {
  for await (const piece of bytes) {
    yield* found.push(piece);
    budget.bytes -= piece.length;
    if (budget.bytes <= 0) return;
  }
  yield* found.end();
}

function formatCursor({ output, place: { offset, line, inFound } }: Cursor): string {
  return `${output}.${offset}.${line}.${inFound ? 1 : 0}`;
}

function parseCursor(text: string): Cursor {
  const match = /^(stdout|stderr)\.(\d{1,15})\.([1-9]\d{0,14})\.([01])$/.exec(text);
  if (!match) throw new PlatformError('invalid_input', 'The cursor is to be the nextCursor of an answer.');
  const [, output, offset, line, inFound] = match;
  return {
    output: output as OutputName,
    place: { offset: Number(offset), line: Number(line), inFound: inFound === '1' },
  };
}
