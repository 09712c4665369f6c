// Groups over NATS.
import { userRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Groups } from '../app/groups.ts';
import { writeOf } from './write-of.ts';

type Asked<K extends keyof typeof userRpc> = Call<(typeof userRpc)[K]['request']>;

@Controller()
export class GroupController {
  readonly #groups: Groups;

  constructor(@Inject(Groups) groups: Groups) {
    this.#groups = groups;
  }

  @Answers(userRpc.createGroup)
  createGroup(call: Asked<'createGroup'>) {
    return this.#groups.create(call.body.name, writeOf(call));
  }

  @Answers(userRpc.getGroup)
  getGroup(call: Asked<'getGroup'>) {
    return this.#groups.get(call.body.id, call.principal, call.meta);
  }

  @Answers(userRpc.listGroups)
  listGroups(call: Asked<'listGroups'>) {
    return this.#groups.list(call.body, call.principal, call.meta.at);
  }

  @Answers(userRpc.resolveGroup)
  resolveGroup(call: Asked<'resolveGroup'>) {
    return this.#groups.resolve(call.body.ref, call.principal);
  }

  @Answers(userRpc.addMember)
  addMember(call: Asked<'addMember'>) {
    const { id, userId: user, role = 'member' } = call.body;
    return this.#groups.addMember(id, { user, role }, writeOf(call));
  }

  @Answers(userRpc.removeMember)
  removeMember(call: Asked<'removeMember'>) {
    return this.#groups.removeMember(call.body.id, call.body.userId, writeOf(call));
  }
}
