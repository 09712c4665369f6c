// `baton login`: proves who you are and keeps the token; with --sign-up makes the account first.
import { ask } from '../../ask.ts';
import { usage } from '../../failure.ts';
import { note, printJson } from '../../output/print.ts';
import { clientFor, configPath, loadConfig, normalUrl, saveConfig, urlOf } from '../../session.ts';
import { readStandardInputValue } from '../../standard-input.ts';
import { verb } from '../../verb.ts';

interface Options {
  readonly url?: string;
  readonly email?: string;
  readonly name?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly signUp?: string;
  readonly json?: boolean;
}

export const login = () =>
  verb('login', 'log in, and keep the token for the commands that follow')
    .option('--url <url>', 'where Baton is; default: the last one, or http://127.0.0.1:8080')
    .option('--email <email>', 'who you are; asked for if absent')
    .option('--password-stdin', 'read the password from standard input')
    .option('--password <password>', 'for trying things out only: other users of this machine can see it')
    .option('--sign-up <token>', 'make an account first, with the one-time token of an invitation')
    .option('--name <name>', 'with --sign-up: how others see you')
    .action(run);

async function run(options: Options): Promise<void> {
  const config = await loadConfig();
  const url = options.url === undefined ? urlOf(config) : normalUrl(options.url);
  const email = options.email ?? (await ask({ message: 'E-mail', instead: '--email' }));
  const name =
    options.signUp === undefined ? '' : (options.name ?? (await ask({ message: 'Your name', instead: '--name' })));
  const password = await passwordOf(options);
  const client = await clientFor(url);
  if (options.signUp !== undefined) await client.users.signUp({ token: options.signUp, email, name, password });
  const { token, user, expiresAt } = await client.users.logIn({ email, password });
  await saveConfig({ ...config, url, logins: { ...config.logins, [url]: { token, email: user.email } } });
  if (options.json) return printJson({ url, user, expiresAt });
  note(
    `Logged in to ${url} as ${user.email}${user.role === 'admin' ? ', who is an admin' : ''}. The token is kept in ${configPath()}.`,
  );
  if (process.env['BATON_TOKEN']) note('BATON_TOKEN is set in this shell, and stands over this log-in.');
}

async function passwordOf({ passwordStdin, password, signUp }: Options): Promise<string> {
  if (passwordStdin && password !== undefined) throw usage('Give --password-stdin or --password, not both.');
  if (password !== undefined) return password;
  if (passwordStdin) return readStandardInputValue();
  const message = signUp === undefined ? 'Password' : 'A password, at least 8 characters';
  return ask({ message, instead: '--password-stdin', isSecret: true });
}
