// Invites: an admin lets somebody sign up.
import type { Role } from '@baton/contracts';
import type { Aggregates, Ids, Write } from './aggregates.ts';
import { formatCredential } from './credential.ts';
import { requireAdmin } from './person.ts';
import type { CredentialSecrets } from './ports.ts';

const HOUR_MS = 3_600_000;
const HOURS_DEFAULT = 72;

export interface InvitesParts {
  readonly aggregates: Pick<Aggregates, 'invites'>;
  readonly ids: Ids;
  readonly secrets: CredentialSecrets;
  readonly now: () => number;
}

export interface InviteTerms {
  readonly role?: Role;
  readonly expiresInHours?: number;
}

export class Invites {
  readonly #parts: InvitesParts;

  constructor(parts: InvitesParts) {
    this.#parts = parts;
  }

  async create(wanted: InviteTerms, write: Write): Promise<{ id: string; token: string; expiresAt: number }> {
    requireAdmin(write.principal);
    const { aggregates, ids, now, secrets } = this.#parts;
    const id = ids.create('invite', write);
    const secret = write.meta.idempotencyKey === undefined ? secrets.random() : secrets.derive(id);
    const terms = {
      secretHash: secrets.hash(secret),
      role: wanted.role ?? 'user',
      expiresAt: now() + (wanted.expiresInHours ?? HOURS_DEFAULT) * HOUR_MS,
    };
    const { state } = await aggregates.invites.execute(id, { kind: 'IssueInvite', ...terms }, write);
    const expiresAt = state.kind === 'none' ? terms.expiresAt : state.expiresAt;
    return { id, token: formatCredential('invite', { id, secret }), expiresAt };
  }
}
