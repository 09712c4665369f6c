// Log-in by e-mail and password. A wrong address and a wrong password look and take the same.
import { PlatformError } from '@baton/errors';
import { hasAccount, type UserState } from '../domain/user.ts';
import type { Names, Write } from './aggregates.ts';
import type { LogInLimit } from './log-in-limit.ts';
import type { Versioned } from './mirror.ts';
import { sameEmail } from './person.ts';
import type { PasswordHasher } from './ports.ts';
import type { IssuedToken, Tokens } from './tokens.ts';

/** Reading a name that is there takes the log longer than one that isn't: this time hides the difference. */
const LOOKUP_MS = 50;

export interface LogInParts {
  readonly names: Names;
  readonly users: { get(id: string): Promise<Versioned<UserState>> };
  readonly tokens: Tokens;
  readonly hasher: PasswordHasher;
  readonly limit: LogInLimit;
  readonly now: () => number;
}

export interface Session extends IssuedToken {
  readonly userId: string;
}

export class LogInWithPassword {
  readonly #parts: LogInParts;

  constructor(parts: LogInParts) {
    this.#parts = parts;
  }

  async run(email: string, password: string, write: Write): Promise<Session> {
    const { limit, now, tokens } = this.#parts;
    const account = sameEmail(email);
    const startedAt = now();
    limit.attempt(account, startedAt);
    try {
      const userId = await this.#check(account, password);
      limit.succeeded(account);
      return {
        userId,
        ...(await tokens.startSession(userId, { ...write, principal: { ...write.principal, userId } })),
      };
    } catch (error) {
      // Only a wrong answer counts against the account, not a platform that could not check it.
      if (!(error instanceof PlatformError) || error.code !== 'unauthenticated') limit.withdraw(account, startedAt);
      throw error;
    }
  }

  async #check(account: string, password: string): Promise<string> {
    const [{ userId, user }] = await Promise.all([this.#find(account), atLeast(LOOKUP_MS)]);
    const { hasher } = this.#parts;
    const isRight = await hasher.verify(password, hasAccount(user) ? user.passwordHash : null);
    if (!isRight || userId === null || user.kind !== 'active') {
      throw new PlatformError('unauthenticated', 'The e-mail address or the password is wrong.');
    }
    return userId;
  }

  async #find(account: string): Promise<{ readonly userId: string | null; readonly user: UserState }> {
    const { names, users } = this.#parts;
    const userId = await names.holder('email', account);
    return { userId, user: userId === null ? { kind: 'none' } : (await users.get(userId)).state };
  }
}

function atLeast(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
