// Which nats-server versions keep what they acknowledge, and which can answer reads in batches.
import type { NatsConnection } from '@nats-io/transport-node';

type Version = readonly [major: number, minor: number, patch: number];

export interface DurabilityOptions {
  /** Whether the server runs with `sync_interval: always`. A client can't ask: the configuration must say so. */
  readonly syncAlways: boolean;
}

/** `fsync` when what the server acknowledges is on its disk: by its version and its configuration. */
export function probeDurability(connection: NatsConnection, { syncAlways }: DurabilityOptions): 'fsync' | 'interval' {
  return syncAlways && keepsWhatItAcknowledges(connection.info?.version ?? '') ? 'fsync' : 'interval';
}

/** 2.12 from 2.12.15 on, and everything from 2.14.5 on: before, a crash could lose acknowledged writes. */
export function keepsWhatItAcknowledges(version: string): boolean {
  const parsed = parse(version);
  if (parsed[0] === 2 && parsed[1] === 12) return isAtLeast(parsed, [2, 12, 15]);
  return isAtLeast(parsed, [2, 14, 5]);
}

/** Direct gets of many messages came with 2.11. */
export function answersBatches(version: string): boolean {
  return isAtLeast(parse(version), [2, 11, 0]);
}

function parse(version: string): Version {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}

function isAtLeast(version: Version, least: Version): boolean {
  const index = version.findIndex((part, at) => part !== least[at]);
  return index === -1 || (version[index] ?? 0) > (least[index] ?? 0);
}
