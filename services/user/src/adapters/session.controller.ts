// Sign-up, log-in and authentication over NATS.
import { userRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Accounts } from '../app/accounts.ts';
import { Authenticator } from '../app/authenticate.ts';
import { LogInWithPassword } from '../app/log-in.ts';
import { SignUpWithToken } from '../app/sign-up.ts';
import { anonymousWriteOf } from './write-of.ts';

type Asked<K extends keyof typeof userRpc> = Call<(typeof userRpc)[K]['request']>;

@Controller()
export class SessionController {
  readonly #signUp: SignUpWithToken;
  readonly #logIn: LogInWithPassword;
  readonly #authenticator: Authenticator;
  readonly #accounts: Accounts;

  constructor(
    @Inject(SignUpWithToken) signUp: SignUpWithToken,
    @Inject(LogInWithPassword) logIn: LogInWithPassword,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(Accounts) accounts: Accounts,
  ) {
    this.#signUp = signUp;
    this.#logIn = logIn;
    this.#authenticator = authenticator;
    this.#accounts = accounts;
  }

  @Answers(userRpc.signUp)
  async signUp(call: Asked<'signUp'>) {
    return this.#accounts.newest(await this.#signUp.run(call.body, anonymousWriteOf(call)));
  }

  @Answers(userRpc.logIn)
  async logIn(call: Asked<'logIn'>) {
    const session = await this.#logIn.run(call.body.email, call.body.password, anonymousWriteOf(call));
    return { token: session.token, expiresAt: session.expiresAt, user: await this.#accounts.newest(session.userId) };
  }

  @Answers(userRpc.authenticate)
  authenticate(call: Asked<'authenticate'>) {
    return this.#authenticator.authenticate(call.body.token);
  }
}
