// A sealed head: where a stream stood at a time, signed. Rewriting what lies before it needs the key.
import { type KeyObject, sign, verify } from 'node:crypto';
import { isLogStream, type LogStream } from '../log-streams.ts';
import type { StreamMark } from '../rolling-hash.ts';
import { keyIdOf, type SealKey } from './seal-key.ts';

export interface SealedHead extends StreamMark {
  readonly v: 1;
  readonly stream: LogStream;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly keyId: string;
  /** Ed25519 over `signedText`, base64. */
  readonly signature: string;
}

export function sealHead(stream: LogStream, mark: StreamMark, at: number, key: SealKey): SealedHead {
  const head = { v: 1, stream, ...mark, at, keyId: key.keyId } as const;
  return { ...head, signature: sign(null, signedText(head), key.privateKey).toString('base64') };
}

/** Why it proves nothing; null if it does. */
export function headFault(head: SealedHead, publicKey: KeyObject): string | null {
  if (head.keyId !== keyIdOf(publicKey)) return `is signed with another key (${head.keyId})`;
  const isGood = verify(null, signedText(head), publicKey, Buffer.from(head.signature, 'base64'));
  return isGood ? null : 'has a signature that does not fit';
}

function signedText({ stream, position, rollingHash, lastHash, at, keyId }: Omit<SealedHead, 'signature'>): Buffer {
  return Buffer.from(`baton-head-1 ${stream} ${position} ${rollingHash} ${lastHash} ${at} ${keyId}`);
}

/** Null if it is none. */
export function parseHead(line: string): SealedHead | null {
  try {
    const head = JSON.parse(line) as Partial<SealedHead>;
    const texts = [head.rollingHash, head.lastHash, head.keyId, head.signature];
    const numbers = [head.position, head.at];
    const isHead = head.v === 1 && isLogStream(head.stream) && numbers.every((each) => Number.isSafeInteger(each));
    return isHead && texts.every((each) => typeof each === 'string') ? (head as SealedHead) : null;
  } catch {
    return null;
  }
}
