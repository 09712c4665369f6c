// The scheduler's operations on its policy, on NATS.
import { policyRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { PolicyAdmin } from '../app/policy-admin.ts';

type CallOf<K extends keyof typeof policyRpc> = Call<(typeof policyRpc)[K]['request']>;

@Controller()
export class PolicyController {
  readonly #admin: PolicyAdmin;

  constructor(@Inject(PolicyAdmin) admin: PolicyAdmin) {
    this.#admin = admin;
  }

  @Answers(policyRpc.get)
  get(call: CallOf<'get'>) {
    return this.#admin.get(call, call.body.version);
  }

  @Answers(policyRpc.versions)
  versions(call: CallOf<'versions'>) {
    return this.#admin.versions(call, call.body);
  }

  @Answers(policyRpc.check)
  check({ principal, meta, body }: CallOf<'check'>) {
    return this.#admin.check({ principal, meta }, body.policy);
  }

  @Answers(policyRpc.apply)
  apply({ principal, meta, subject, body }: CallOf<'apply'>) {
    return this.#admin.apply({ caller: { principal, meta }, subject, body }, body.policy, body.comment);
  }
}
