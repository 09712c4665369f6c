// `baton logout`: ends the session there and forgets the token here.
import { note, printJson } from '../../output/print.ts';
import { clientFor, loadConfig, saveConfig, urlOf } from '../../session.ts';
import { verb } from '../../verb.ts';

export const logout = () => verb('logout', 'end the session, and forget its token').action(run);

async function run({ json }: { readonly json?: boolean }): Promise<void> {
  const config = await loadConfig();
  const url = urlOf(config);
  const { [url]: known, ...others } = config.logins;
  if (known) {
    await saveConfig({ ...config, logins: others });
    const client = await clientFor(url, { token: known.token });
    // One that has expired is over already.
    await client.users.logOut().catch((error: { code?: unknown }) => {
      if (error.code !== 'unauthenticated') throw error;
    });
  }
  if (json) return printJson({ url, wasLoggedIn: known !== undefined });
  note(known ? `Logged out of ${url}.` : `You were not logged in to ${url}.`);
}
