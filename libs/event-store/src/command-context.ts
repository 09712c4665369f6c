// What a command carries besides its body: who gives it, which command it is, and what makes a repeat the same request.
import type { Principal, RequestMeta } from '@baton/contracts';
import { createHmac, hash, randomUUID } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

export interface CommandContext {
  /** The same for every repeat of the command. */
  readonly commandId: string;
  /** SHA-256 (hex) of the canonical request: the same command id with another request is refused. */
  readonly requestHash: string;
  /** As it was before requests of this kind had a key: a repeat of a command from then is recognised by it. */
  readonly unkeyedHash?: string;
  readonly principal: Principal;
  /** Id of the request that it all began with. */
  readonly correlationId: string;
  /** Id of the commit or command that caused this one; the correlation id if absent. */
  readonly causationId?: string;
  /** The revision that the caller has seen; another one is refused. 0: it must not exist yet. */
  readonly ifRevision?: number;
}

export interface CommandRequest {
  readonly principal: Principal;
  readonly meta: RequestMeta;
  /** The operation; part of the request's hash. */
  readonly subject: string;
  readonly body: unknown;
  /** The installation's secret, so that nobody can guess the id of another's command. */
  readonly secret: string;
  /** The request may name people by their addresses: of a plain hash in the log, an address could be found by guessing. */
  readonly namesPeople?: boolean;
}

export function commandContext(request: CommandRequest): CommandContext {
  const { principal, meta, secret } = request;
  return {
    commandId: commandId(principal.userId, meta.idempotencyKey, secret),
    ...requestHashes(request),
    principal,
    correlationId: meta.requestId,
    ...(meta.ifRevision === undefined ? {} : { ifRevision: meta.ifRevision }),
  };
}

function requestHashes({
  subject,
  body,
  secret,
  namesPeople,
}: CommandRequest): Pick<CommandContext, 'requestHash' | 'unkeyedHash'> {
  const unkeyedHash = hash('sha256', canonicalJson({ subject, body }));
  if (!namesPeople) return { requestHash: unkeyedHash };
  return { requestHash: createHmac('sha256', secret).update(`request\0${unkeyedHash}`).digest('hex'), unkeyedHash };
}

function commandId(userId: string, idempotencyKey: string | undefined, secret: string): string {
  if (idempotencyKey === undefined) return randomUUID();
  return createHmac('sha256', secret).update(`${userId}\0${idempotencyKey}`).digest('hex');
}
