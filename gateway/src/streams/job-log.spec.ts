// The log as text: any cutting into chunks, repeats included, reads the same, from whatever event a client resumes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LOG_HEADER_OFFSET } from '@baton/contracts';
import type { KnownAttempts } from './attempt-subject.ts';
import { logEvents, type LogEvent, type LogReading } from './job-log.ts';
import { parseResumeId } from './resume-point.ts';
import type { StreamMessage, StreamReader } from './stream-reader.ts';

const SUBJECT = 'log.nod_n.job_j.1.stdout';

function messages(content: Buffer, cuts: readonly { start: number; length: number }[]): StreamMessage[] {
  return cuts.map(({ start, length }, index) => ({
    position: index * 2 + 1,
    subject: SUBJECT,
    data: content.subarray(start, start + length),
    header: (name) => (name === LOG_HEADER_OFFSET ? String(start) : undefined),
  }));
}
/** The stream begins at `first`: what stood before it is gone. */
async function read(stored: readonly StreamMessage[], lastEventId?: string, first = 1): Promise<LogEvent[]> {
  const streams = {
    read: async function* ({ after }: { after: number }) {
      yield* stored.filter(({ position }) => position > after && position >= first);
    },
    firstPosition: async () => first,
  } as unknown as StreamReader;
  const writer = { nodeId: 'nod_n', attempt: 1, output: 'stdout', result: null };
  const attempts = { writerOf: async () => writer } as unknown as KnownAttempts;
  const reading: LogReading = {
    jobId: 'job_j',
    attempts,
    ended: Promise.resolve(),
    signal: new AbortController().signal,
  };
  const events: LogEvent[] = [];
  for await (const event of logEvents(streams, reading, parseResumeId(lastEventId))) events.push(event);
  return events;
}
const textOf = (events: readonly LogEvent[]) => events.map(({ text }) => text).join('');

/** An agent goes forward, and at times starts again from where it was not sure. */
const cutting = fc
  .tuple(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 40 }),
  )
  .map(([text, steps]) => {
    const content = Buffer.from(text);
    const cuts: { start: number; length: number }[] = [];
    let end = 0;
    for (const [length, back] of [...steps, [content.length, 0] as const]) {
      const start = Math.max(0, end - back);
      cuts.push({ start, length: Math.min(length, content.length - start) });
      end = Math.max(end, Math.min(content.length, start + length));
    }
    return { content, stored: messages(content, cuts) };
  });

it('gives each byte once, as text', async () => {
  await fc.assert(
    fc.asyncProperty(cutting, async ({ content, stored }) => {
      expect(textOf(await read(stored))).toBe(content.toString());
    }),
  );
});
it('resumes after any event with exactly what follows it', async () => {
  await fc.assert(
    fc.asyncProperty(cutting, fc.nat(40), async ({ stored }, pick) => {
      const whole = await read(stored);
      const index = pick % (whole.length + 1);
      expect(await read(stored, whole[index - 1]?.id)).toEqual(whole.slice(index));
    }),
  );
});
it('resumes so too after the position alone, by reading from the start', async () => {
  await fc.assert(
    fc.asyncProperty(cutting, fc.nat(40), async ({ stored }, pick) => {
      const whole = await read(stored);
      const index = pick % (whole.length + 1);
      const position = whole[index - 1]?.id.split('~')[0];
      expect(await read(stored, position)).toEqual(whole.slice(index));
    }),
  );
});
it('passes over what came too early: it comes again', async () => {
  const content = Buffer.from('abcdef');
  const early = [
    { start: 0, length: 2 },
    { start: 4, length: 2 },
    { start: 2, length: 2 },
    { start: 4, length: 2 },
  ];
  expect((await read(messages(content, early))).map(({ text, missing }) => [text, missing])).toEqual([
    ['ab', 0],
    ['cd', 0],
    ['ef', 0],
  ]);
});
it('says how much the stream has dropped, at the start and in between', async () => {
  const content = Buffer.from('abcdef');
  const stored = messages(content, [
    { start: 0, length: 2 },
    { start: 2, length: 2 },
    { start: 4, length: 2 },
  ]);
  expect(await read(stored, undefined, 5)).toMatchObject([{ text: 'ef', offset: 4, missing: 4 }]);
  const [first] = await read(stored);
  expect(await read(stored, first?.id, 5)).toMatchObject([{ text: 'ef', offset: 4, missing: 2 }]);
});
