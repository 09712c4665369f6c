// An export's lines: a header, one commit a line with its stored bytes, a footer without which the file is not whole.
import { PlatformError } from '@baton/errors';
import type { Position, StoredMessage } from '@baton/event-store';
import { isLogStream, type LogStream } from '../log-streams.ts';
import type { ByStream } from '../log-content.ts';
import type { StreamMark } from '../rolling-hash.ts';

export interface ArchiveHeader {
  readonly format: 'baton-log';
  readonly v: 1;
  readonly at: number;
  readonly after: ByStream<StreamMark>;
  readonly ends: ByStream<Position>;
}

export interface ArchiveFooter {
  readonly end: ByStream<StreamMark>;
}

export type ArchiveLine =
  | { readonly kind: 'header'; readonly header: ArchiveHeader }
  | { readonly kind: 'commit'; readonly stream: LogStream; readonly message: StoredMessage }
  | { readonly kind: 'footer'; readonly footer: ArchiveFooter };

/** `[stream, position, subject, text]`; bytes that are no UTF-8 have a fifth member, and stand in base64. */
export function commitLine(stream: LogStream, { position, subject, bytes }: StoredMessage): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(buffer);
  return JSON.stringify(
    isText ? [stream, position, subject, text] : [stream, position, subject, buffer.toString('base64'), 'base64'],
  );
}

/** Throws `invalid_input` when the line is none of an export's. */
export function parseLine(line: string, number: number): ArchiveLine {
  const value = parse(line);
  if (Array.isArray(value)) {
    const [stream, position, subject, text, encoding] = value as unknown[];
    if (
      isLogStream(stream) &&
      Number.isSafeInteger(position) &&
      typeof subject === 'string' &&
      typeof text === 'string'
    ) {
      const bytes = Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8');
      return { kind: 'commit', stream, message: { position: Number(position), subject, bytes } };
    }
  } else if (isHeader(value)) return { kind: 'header', header: value };
  else if (isFooter(value)) return { kind: 'footer', footer: value };
  throw new PlatformError('invalid_input', `Line ${number} is not one of an export of Baton's log.`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isHeader(value: unknown): value is ArchiveHeader {
  const header = value as Partial<ArchiveHeader> | null;
  return header?.format === 'baton-log' && header.v === 1 && header.after !== undefined && header.ends !== undefined;
}

function isFooter(value: unknown): value is ArchiveFooter {
  const end = (value as Partial<ArchiveFooter> | null)?.end;
  return typeof end?.JOBS?.position === 'number' && typeof end.EVENTS?.position === 'number';
}
