// Ids of new things, and of things that their parts name.
import { deriveId, newId } from '@baton/event-store';
import type { Ids, Write } from '../app/aggregates.ts';

export class LogIds implements Ids {
  readonly #secret: string;

  constructor(installationSecret: string) {
    this.#secret = installationSecret;
  }

  readonly newUserId = (): string => newId('user');

  create(kind: 'invite' | 'group' | 'token', { principal, meta }: Write): string {
    if (meta.idempotencyKey === undefined) return newId(kind);
    return deriveId(kind, this.#secret, principal.userId, meta.idempotencyKey);
  }

  derive(kind: 'token' | 'secret', ...parts: readonly string[]): string {
    return deriveId(kind, this.#secret, ...parts);
  }
}
