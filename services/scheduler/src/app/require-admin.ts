// What only admins do, and what the log then names them by.
import { PlatformError } from '@baton/errors';
import type { Caller } from './ports.ts';

/** The admin's id. */
export function requireAdmin({ principal }: Caller): string {
  if (principal.kind !== 'user' || principal.role !== 'admin')
    throw new PlatformError('forbidden', 'Only an admin can do this.');
  return principal.userId;
}
