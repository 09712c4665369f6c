// Who may do what for themselves, and the plain forms that people's input is compared in.
import type { Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

const ANONYMOUS = 'anonymous';

export function isAdmin(principal: Principal): boolean {
  return principal.kind === 'system' || principal.role === 'admin';
}

export function requireLogIn(principal: Principal): void {
  if (principal.userId === ANONYMOUS) throw new PlatformError('unauthenticated', 'Log in first.');
}

/** Lists are for people and the platform: a job has no use for them. */
export function requireReader(principal: Principal): void {
  requireLogIn(principal);
  if (principal.kind === 'job') throw new PlatformError('forbidden', "A job's token does not reach this.");
}

/** Refuses callers who have not logged in, and jobs: a job's token reaches nothing of its owner's account. */
export function requirePerson(principal: Principal): void {
  requireLogIn(principal);
  if (principal.kind !== 'user')
    throw new PlatformError('forbidden', 'Only a person can do this, not a job or a part of the platform.');
}

export function requireAdmin(principal: Principal): void {
  requirePerson(principal);
  if (principal.role !== 'admin') throw new PlatformError('forbidden', 'Only admins can do this.');
}

/** For what must never leave the platform, such as the values of secrets. */
export function requireSystem(principal: Principal): void {
  if (principal.kind !== 'system') throw new PlatformError('forbidden', 'Only the platform itself can do this.');
}

/** The form in which two e-mail addresses are one. */
export function sameEmail(email: string): string {
  return email.normalize('NFKC').toLowerCase();
}
