// Sign-up cut short at every step, before and after the step took effect, and then repeated.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@baton/contracts';
import { memoryEventStore } from '@baton/event-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Write } from '../app/aggregates.ts';
import { type SignUpForm, type SignUpParts, SignUpWithToken } from '../app/sign-up.ts';
import { inviteDecider } from '../domain/invite.commands.ts';
import { userDecider } from '../domain/user.commands.ts';
import { AdminTokenFile } from './admin-token-file.ts';
import { HashedSecrets } from './credential-secrets.ts';
import { LogAggregate } from './log-aggregate.ts';
import { LogIds } from './log-ids.ts';
import { LogNames } from './log-names.ts';
import { PersonalKeys } from './personal-keys.ts';

const INSTALLATION_SECRET = 'installation secret';
const principal: Principal = {
  kind: 'user',
  userId: 'anonymous',
  role: 'user',
  groups: [],
  credentialId: 'anonymous',
};
const write: Write = { principal, meta: { requestId: 'r' }, subject: 'rpc.user.sign-up', body: {} };
const form: SignUpForm = { token: 'one-time token', email: 'ada@example.org', name: 'Ada', password: 'correct horse' };
/** Token, address, account, claim, two fields, registration, removal. */
const STEPS = 8;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-sign-up-'));
  await writeFile(join(folder, 'token'), form.token);
});
afterEach(() => rm(folder, { recursive: true }));

/** Throws at the n-th step that reaches outside, before or after the step took effect. */
class Crash {
  #left: number;
  readonly #afterEffect: boolean;
  happened = false;

  constructor(step: number, afterEffect: boolean) {
    this.#left = step;
    this.#afterEffect = afterEffect;
  }

  on<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function'
          ? (...args: unknown[]) => this.#step(() => member.apply(target, args))
          : member;
      },
    });
  }

  async #step(run: () => unknown): Promise<unknown> {
    this.#left -= 1;
    const isHere = this.#left === 0;
    if (isHere) this.happened = true;
    if (isHere && !this.#afterEffect) throw new Error('crash');
    const result = await run();
    if (isHere) throw new Error('crash');
    return result;
  }
}

function installation() {
  const log = { events: memoryEventStore(), now: () => 1_000, secret: INSTALLATION_SECRET };
  const parts = (crash: Crash): SignUpParts => ({
    aggregates: {
      users: crash.on(new LogAggregate(log, 'user', userDecider)),
      invites: crash.on(new LogAggregate(log, 'invite', inviteDecider)),
    },
    names: crash.on(new LogNames(log)),
    newUserId: new LogIds(INSTALLATION_SECRET).newUserId,
    adminToken: crash.on(new AdminTokenFile(join(folder, 'token'))),
    secrets: new HashedSecrets(INSTALLATION_SECRET),
    // The real one is tested by itself; here it would only take time.
    hasher: {
      hash: async (password) => `hash of ${password}`,
      verify: async (password, phc) => phc === `hash of ${password}`,
    },
    personal: crash.on(new PersonalKeys(folder, INSTALLATION_SECRET)),
    now: log.now,
  });
  return {
    signUp: (wanted: SignUpForm, crash: Crash) => new SignUpWithToken(parts(crash)).run(wanted, write),
    async registered(): Promise<{ id: string; role: unknown }[]> {
      const users: { id: string; role: unknown }[] = [];
      for await (const { ref, events } of log.events.readAll(0, { aggregates: ['user'] })) {
        for (const event of events) users.push({ id: ref.id, role: (event.data as { role?: unknown }).role });
      }
      return users;
    },
  };
}

const never = () => new Crash(Number.POSITIVE_INFINITY, false);

describe.each([false, true])('a sign-up that crashes (after the step took effect: %s)', (afterEffect) => {
  it('makes one admin when it is repeated, whatever the step', async () => {
    let tried = 0;
    for (let step = 1; step <= STEPS + 1; step += 1) {
      await writeFile(join(folder, 'token'), form.token);
      const made = installation();
      const crash = new Crash(step, afterEffect);
      await made.signUp(form, crash).catch(() => {});
      if (!crash.happened) break;
      tried = step;
      // Only the very last step, removing the token, leaves nothing to repeat.
      const isDone = !existsSync(join(folder, 'token'));
      if (!isDone) await made.signUp(form, never());
      const users = await made.registered();
      expect(users).toEqual([{ id: users[0]?.id, role: 'admin' }]);
      expect(existsSync(join(folder, 'token'))).toBe(false);
    }
    expect(tried).toBe(STEPS);
  });

  it('makes one admin when it is repeated with another address', async () => {
    let tried = 0;
    for (let step = 1; step <= STEPS + 1; step += 1) {
      await writeFile(join(folder, 'token'), form.token);
      const made = installation();
      const crash = new Crash(step, afterEffect);
      await made.signUp(form, crash).catch(() => {});
      if (!crash.happened) break;
      tried = step;
      await made.signUp({ ...form, email: 'other@example.org' }, never()).catch(() => {});
      expect((await made.registered()).map((user) => user.role)).toEqual(['admin']);
      expect(existsSync(join(folder, 'token'))).toBe(false);
    }
    expect(tried).toBe(STEPS);
  });
});

it('keeps every key readable by its owner alone, and no half-written file', async () => {
  const made = installation();
  await made.signUp(form, never());
  const [admin] = await made.registered();
  expect(await readdir(join(folder, 'users'))).toEqual([`${admin?.id}.key`]);
});
