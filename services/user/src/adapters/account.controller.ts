// Users and invites over NATS.
import { userRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Accounts } from '../app/accounts.ts';
import { Erasure } from '../app/erasure.ts';
import { Invites } from '../app/invites.ts';
import { writeOf } from './write-of.ts';

type Asked<K extends keyof typeof userRpc> = Call<(typeof userRpc)[K]['request']>;

@Controller()
export class AccountController {
  readonly #accounts: Accounts;
  readonly #invites: Invites;
  readonly #erasure: Erasure;

  constructor(
    @Inject(Accounts) accounts: Accounts,
    @Inject(Invites) invites: Invites,
    @Inject(Erasure) erasure: Erasure,
  ) {
    this.#accounts = accounts;
    this.#invites = invites;
    this.#erasure = erasure;
  }

  @Answers(userRpc.getUser)
  getUser(call: Asked<'getUser'>) {
    return this.#accounts.get(call.body.id, call.principal, call.meta);
  }

  @Answers(userRpc.listUsers)
  listUsers(call: Asked<'listUsers'>) {
    return this.#accounts.list(call.body, call.principal, call.meta.at);
  }

  @Answers(userRpc.disableUser)
  disableUser(call: Asked<'disableUser'>) {
    return this.#accounts.disable(call.body.id, writeOf(call));
  }

  @Answers(userRpc.eraseUser)
  eraseUser(call: Asked<'eraseUser'>) {
    return this.#erasure.erase(call.body.id, writeOf(call));
  }

  @Answers(userRpc.createInvite)
  createInvite(call: Asked<'createInvite'>) {
    return this.#invites.create(call.body, writeOf(call));
  }
}
