// Tokens over NATS.
import { userRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Tokens } from '../app/tokens.ts';
import { writeOf } from './write-of.ts';

type Asked<K extends keyof typeof userRpc> = Call<(typeof userRpc)[K]['request']>;

@Controller()
export class TokenController {
  readonly #tokens: Tokens;

  constructor(@Inject(Tokens) tokens: Tokens) {
    this.#tokens = tokens;
  }

  @Answers(userRpc.createToken)
  createToken(call: Asked<'createToken'>) {
    return this.#tokens.createApiToken(call.body.label, call.body.expiresInDays, writeOf(call));
  }

  @Answers(userRpc.listTokens)
  listTokens(call: Asked<'listTokens'>) {
    return this.#tokens.list(call.body, call.principal, call.meta.at);
  }

  @Answers(userRpc.revokeToken)
  revokeToken(call: Asked<'revokeToken'>) {
    return this.#tokens.revoke(call.body.id, writeOf(call));
  }

  @Answers(userRpc.logOut)
  async logOut(call: Asked<'logOut'>) {
    await this.#tokens.endSession(writeOf(call));
    return {};
  }

  @Answers(userRpc.issueJobToken)
  async issueJobToken(call: Asked<'issueJobToken'>) {
    const { token } = await this.#tokens.issueJobToken(call.body, writeOf(call));
    return { token };
  }
}
