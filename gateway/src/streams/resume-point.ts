// Where a reader of output or metrics stands, as the id of an event: sent back, the stream goes on right behind it, and reads nothing twice.
import { PlatformError } from '@baton/errors';

export interface ResumePoint {
  /** In the stream; 0 at its start. */
  readonly position: number;
  /**
   * What has been seen of each part up to there. Null: the reader knows the position alone, and what it has seen is found out by
   * reading from the start.
   */
  readonly marks: ReadonlyMap<string, Mark> | null;
}

export interface Mark {
  /** Bytes of an output, or the number of a point. */
  readonly seen: number;
  /** Bytes that were seen and not shown: the beginning of a character. */
  readonly held: Buffer;
}

export const START: ResumePoint = { position: 0, marks: new Map() };
export const NOTHING_HELD = Buffer.alloc(0);
/** An id stays short; a job of more parts is resumed by its position alone. */
const MAX_MARKS = 12;
const ID = /^(\d{1,15})(?:~((?:[\w-]{1,40}=\d{1,15}(?:\+(?:[0-9a-f]{2}){1,3})?,){0,12}))?$/;

/** `17~1o=4096+e2,1e=12,`: position 17, 4,096 bytes of 1o with one held back, 12 of 1e. */
export function resumeId(position: number, marks: ReadonlyMap<string, Mark>): string {
  if (marks.size > MAX_MARKS) return String(position);
  const parts = [...marks].map(([key, { seen, held }]) => {
    const rest = held.length === 0 ? '' : `+${held.toString('hex')}`;
    return `${key}=${seen}${rest},`;
  });
  return `${position}~${parts.join('')}`;
}

export function parseResumeId(id: string | undefined): ResumePoint {
  if (id === undefined || id === '') return START;
  const match = ID.exec(id);
  if (!match) throw new PlatformError('invalid_input', 'Last-Event-ID is to be the id of an event of this stream.');
  const [, position, marks] = match;
  return { position: Number(position), marks: marks === undefined ? null : parseMarks(marks) };
}

function parseMarks(text: string): ReadonlyMap<string, Mark> {
  const parts = text.split(',').filter((part) => part !== '');
  return new Map(
    parts.map((part) => {
      const [key = '', value = ''] = part.split('=');
      const [seen = '0', held = ''] = value.split('+');
      return [key, { seen: Number(seen), held: Buffer.from(held, 'hex') }];
    }),
  );
}
