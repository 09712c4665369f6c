// Accounts: the admin of a fresh installation, and others that the admin invites.
import { BatonClient } from '@baton/sdk';

export const ADMIN = { email: 'admin@example.com', name: 'Admin', password: 'correct horse battery' };

interface Installation {
  readonly url: string;
  adminToken(): string;
}

export async function signUpAdmin(installation: Installation): Promise<BatonClient> {
  const { url } = installation;
  await new BatonClient({ url }).users.signUp({ token: installation.adminToken(), ...ADMIN });
  return logIn(url, ADMIN);
}

export async function logIn(url: string, { email, password }: { email: string; password: string }) {
  const { token } = await new BatonClient({ url }).users.logIn({ email, password });
  return new BatonClient({ url, token });
}

export async function inviteUser(admin: BatonClient, name: string): Promise<BatonClient> {
  const url = admin.http.base;
  const person = { email: `${name}@example.com`, name, password: `password of ${name}` };
  const { token } = await admin.users.invite({ role: 'user' });
  await new BatonClient({ url }).users.signUp({ token, ...person });
  return logIn(url, person);
}
