// Issuing and revoking tokens: sessions, API tokens, job tokens.
import { PlatformError } from '@baton/errors';
import type { Principal, TokenKind, TokenView } from '@baton/contracts';
import type { TokenDocument } from '../projections/tokens.ts';
import type { PageQuery, View } from '../projections/view.ts';
import type { Aggregates, Changed, Ids, Write } from './aggregates.ts';
import { formatCredential } from './credential.ts';
import { isIdOf } from './identifier.ts';
import { isAdmin, requirePerson, requireSystem } from './person.ts';
import type { CredentialsChanged, CredentialSecrets } from './ports.ts';

const DAY_MS = 86_400_000;
const SESSION_DAYS = 30;
const JOB_TOKEN_DAYS = 30;

export interface IssuedToken {
  readonly id: string;
  readonly revision: number;
  readonly token: string;
  readonly expiresAt: number | null;
}

interface Wanted {
  readonly userId: string;
  readonly kind: TokenKind;
  readonly label: string;
  readonly expiresAt: number | null;
  readonly jobId?: string;
  readonly attempt?: number;
}

export interface TokensParts {
  readonly view: View<TokenDocument>;
  readonly aggregates: Pick<Aggregates, 'users' | 'tokens'>;
  readonly ids: Ids;
  readonly secrets: CredentialSecrets;
  readonly changed: CredentialsChanged;
  readonly now: () => number;
}

export class Tokens {
  readonly #parts: TokensParts;

  constructor(parts: TokensParts) {
    this.#parts = parts;
  }

  startSession(userId: string, write: Write): Promise<IssuedToken> {
    const { ids, now, secrets } = this.#parts;
    const id = ids.create('token', { ...write, meta: { requestId: write.meta.requestId } });
    const expiresAt = now() + SESSION_DAYS * DAY_MS;
    return this.#issue(
      { id, secret: secrets.random() },
      { userId, kind: 'session', label: 'session', expiresAt },
      write,
    );
  }

  createApiToken(label: string, expiresInDays: number | undefined, write: Write): Promise<IssuedToken> {
    requirePerson(write.principal);
    const { ids, now, secrets } = this.#parts;
    const id = ids.create('token', write);
    // A repeat must show the same token although only its hash was kept.
    const secret = write.meta.idempotencyKey === undefined ? secrets.random() : secrets.derive(id);
    const expiresAt = expiresInDays === undefined ? null : now() + expiresInDays * DAY_MS;
    return this.#issue({ id, secret }, { userId: write.principal.userId, kind: 'api', label, expiresAt }, write);
  }

  /** One token an attempt: asking again gives the same one. */
  async issueJobToken(
    job: { readonly ownerId: string; readonly jobId: string; readonly attempt: number },
    write: Write,
  ): Promise<IssuedToken> {
    requireSystem(write.principal);
    const { aggregates, ids, now, secrets } = this.#parts;
    const owner = await aggregates.users.load(job.ownerId);
    if (owner.state.kind !== 'active') throw new PlatformError('conflict', "The job's owner has no active account.");
    const id = ids.derive('token', 'job', job.jobId, String(job.attempt));
    const label = `job ${job.jobId}, attempt ${job.attempt}`;
    const expiresAt = now() + JOB_TOKEN_DAYS * DAY_MS;
    return this.#issue(
      { id, secret: secrets.derive(id) },
      { userId: job.ownerId, kind: 'job', label, expiresAt, jobId: job.jobId, attempt: job.attempt },
      write,
    );
  }

  /** Its holder or an admin; for everybody else the token does not exist. */
  async revoke(id: string, write: Write): Promise<Changed> {
    requirePerson(write.principal);
    if (!isIdOf('token', id)) throw notFound();
    const { state } = await this.#parts.aggregates.tokens.load(id);
    const isOwn = state.status !== 'none' && state.terms.userId === write.principal.userId;
    if (!isOwn && !isAdmin(write.principal)) throw notFound();
    return this.#revoke(id, write);
  }

  /** The caller's own, without those of jobs. */
  async list(
    query: PageQuery,
    principal: Principal,
    at?: string,
  ): Promise<{ items: TokenView[]; nextCursor: string | null }> {
    requirePerson(principal);
    return this.#parts.view.page(query, { userId: principal.userId }, at);
  }

  async endSession(write: Write): Promise<void> {
    requirePerson(write.principal);
    await this.#revoke(write.principal.credentialId, write);
  }

  async #revoke(id: string, write: Write): Promise<Changed> {
    const { revision } = await this.#parts.aggregates.tokens.execute(
      id,
      { kind: 'RevokeToken', by: write.principal.userId },
      write,
    );
    this.#parts.changed({ credentialId: id });
    return { id, revision };
  }

  async #issue({ id, secret }: { id: string; secret: string }, wanted: Wanted, write: Write): Promise<IssuedToken> {
    const terms = { ...wanted, secretHash: this.#parts.secrets.hash(secret) };
    const { state, revision } = await this.#parts.aggregates.tokens.execute(id, { kind: 'IssueToken', terms }, write);
    const expiresAt = state.status === 'none' ? wanted.expiresAt : state.terms.expiresAt;
    return { id, revision, token: formatCredential('token', { id, secret }), expiresAt };
  }
}

function notFound(): PlatformError {
  return new PlatformError('not_found', 'There is no such token.');
}
