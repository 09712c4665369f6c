// What a file is, by its name: for lists. Downloads are always bytes that no browser runs.
import type { WeightsFormat } from '@baton/archive';
import type { ManifestFile } from '@baton/contracts';
import { posix } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  gz: 'application/gzip',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  jsonl: 'application/jsonl',
  log: 'text/plain',
  md: 'text/markdown',
  mp4: 'video/mp4',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/x-python',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tgz: 'application/gzip',
  toml: 'application/toml',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  wav: 'audio/wav',
  webp: 'image/webp',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
};

export function mediaTypeOf(path: string): string {
  return TYPES[posix.extname(path).slice(1).toLowerCase()] ?? 'application/octet-stream';
}

/** A file of a list, with what is known of it. */
export function described(file: ManifestFile, format: WeightsFormat | undefined) {
  const mediaType = mediaTypeOf(file.path);
  return format === undefined
    ? { ...file, mediaType, kind: 'file' as const }
    : { ...file, mediaType, kind: 'weights' as const, format };
}
