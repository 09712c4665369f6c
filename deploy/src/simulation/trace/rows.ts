// The rows of a CSV file with their lines: gzip by its magic bytes, UTF-8 with or without a mark, quoted fields, any line ends.
import { gunzipSync } from 'node:zlib';
import { CsvError, parse } from 'csv-parse/sync';
import { unreadable } from './faults.ts';

export interface Row {
  readonly line: number;
  readonly fields: readonly string[];
}

export function rowsOf(file: string, bytes: Uint8Array): readonly Row[] {
  const text = decoded(file, unzipped(file, bytes));
  try {
    const records = parse(text, {
      bom: true,
      info: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
      skipRecordsWithEmptyValues: true,
      recordDelimiter: ['\r\n', '\n', '\r'],
    }) as unknown as readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
    return records.map(({ record, info }) => ({ line: info.lines, fields: record }));
  } catch (error) {
    if (error instanceof CsvError) throw unreadable(file, `it is not CSV: ${error.message}`, error);
    throw error;
  }
}

function unzipped(file: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw unreadable(file, 'it starts like a gzip file, and is cut off or damaged', error);
  }
}

function decoded(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(file, 'it is not text in UTF-8', error);
  }
}
