// People's secrets: set, listed by name, deleted; their values are for the platform alone.
import type { Principal, SecretView } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { lastVersion, type SecretState } from '../domain/secret.ts';
import type { SecretDocument } from '../projections/secrets.ts';
import type { PageQuery, View } from '../projections/view.ts';
import type { Aggregates, Changed, Ids, Write } from './aggregates.ts';
import type { Versioned } from './mirror.ts';
import { requirePerson, requireSystem } from './person.ts';
import type { SecretVault } from './ports.ts';

export interface SecretsParts {
  readonly view: View<SecretDocument>;
  readonly aggregates: Pick<Aggregates, 'secrets'>;
  readonly ids: Ids;
  readonly vault: SecretVault;
}
const ATTEMPTS_MAX = 5;
/** After these no event names the new value, now or later; after any other error one still may. */
const REFUSALS = ['conflict', 'revision_mismatch', 'idempotency_key_reused'] as const;

export class Secrets {
  readonly #parts: SecretsParts;

  constructor(parts: SecretsParts) {
    this.#parts = parts;
  }

  async set(name: string, value: string, write: Write): Promise<Changed> {
    requirePerson(write.principal);
    const id = this.#idOf(write.principal.userId, name);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#setOnce(id, name, value, write);
      } catch (error) {
        if (!hasCode(error, 'conflict') || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #setOnce(id: string, name: string, value: string, write: Write): Promise<Changed> {
    const { aggregates, vault } = this.#parts;
    const { state } = await aggregates.secrets.load(id);
    // On disk first: the log never names a value that a crash could have taken.
    const valueVersion = await vault.write(id, lastVersion(state), value);
    const command = { kind: 'SetSecret', ownerId: write.principal.userId, name, valueVersion } as const;
    try {
      const set = await aggregates.secrets.execute(id, command, write);
      const isRepeat = lastVersion(set.state) !== valueVersion;
      await (isRepeat ? vault.remove(id, valueVersion) : vault.removeUpTo(id, valueVersion - 1));
      return { id, revision: set.revision };
    } catch (error) {
      if (REFUSALS.some((code) => hasCode(error, code))) await vault.remove(id, valueVersion);
      throw error;
    }
  }

  delete(name: string, write: Write): Promise<Changed> {
    requirePerson(write.principal);
    return this.deleteOf(write.principal.userId, name, write);
  }

  /** Whether the caller may is asked by whoever calls this. */
  async deleteOf(ownerId: string, name: string, write: Write): Promise<Changed> {
    const id = this.#idOf(ownerId, name);
    const { state, revision } = await this.#parts.aggregates.secrets.execute(id, { kind: 'DeleteSecret', name }, write);
    await this.#parts.vault.removeUpTo(id, lastVersion(state));
    return { id, revision };
  }

  /** The caller's own names; also of how it was, no values. */
  async list(
    query: PageQuery,
    principal: Principal,
    at?: string,
  ): Promise<{ items: SecretView[]; nextCursor: string | null }> {
    requirePerson(principal);
    const page = await this.#parts.view.page(query, { ownerId: principal.userId }, at);
    return { items: page.items.map(({ ownerId: _ownerId, ...shown }) => shown), nextCursor: page.nextCursor };
  }

  async missing(ownerId: string, names: readonly string[], principal: Principal): Promise<string[]> {
    requireSystem(principal);
    const states = await Promise.all(names.map((name) => this.#load(ownerId, name)));
    return names.filter((_, index) => states[index]?.state.kind !== 'set');
  }

  async resolve(ownerId: string, names: readonly string[], principal: Principal): Promise<Record<string, string>> {
    requireSystem(principal);
    const values = await Promise.all(names.map((name) => this.#value(ownerId, name)));
    const missing = names.filter((_, index) => values[index] === null);
    if (missing.length > 0) {
      throw new PlatformError(
        'not_found',
        `There is no secret named ${missing.join(', ')}. Set it, or leave it out of the job.`,
      );
    }
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
  }

  async #value(ownerId: string, name: string): Promise<string | null> {
    const id = this.#idOf(ownerId, name);
    const { state } = await this.#load(ownerId, name);
    if (state.kind !== 'set') return null;
    const value = await this.#parts.vault.read(id, state.valueVersion);
    if (value !== null) return value;
    // Set anew between the two reads: the old version is gone, the log knows the new one.
    const again = (await this.#load(ownerId, name)).state;
    return again.kind === 'set' ? this.#parts.vault.read(id, again.valueVersion) : null;
  }

  #load(ownerId: string, name: string): Promise<Versioned<SecretState>> {
    return this.#parts.aggregates.secrets.load(this.#idOf(ownerId, name));
  }

  #idOf(ownerId: string, name: string): string {
    return this.#parts.ids.derive('secret', ownerId, name);
  }
}
