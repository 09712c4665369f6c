// Secrets over NATS.
import { userRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Secrets } from '../app/secrets.ts';
import { HashedSecrets } from './credential-secrets.ts';
import { privateWriteOf, writeOf } from './write-of.ts';

type Asked<K extends keyof typeof userRpc> = Call<(typeof userRpc)[K]['request']>;

@Controller()
export class SecretController {
  readonly #secrets: Secrets;
  readonly #hashed: HashedSecrets;

  constructor(@Inject(Secrets) secrets: Secrets, @Inject(HashedSecrets) hashed: HashedSecrets) {
    this.#secrets = secrets;
    this.#hashed = hashed;
  }

  @Answers(userRpc.setSecret)
  setSecret(call: Asked<'setSecret'>) {
    const { name, value } = call.body;
    return this.#secrets.set(name, value, privateWriteOf(call, { name, value: this.#hashed.fingerprint(value) }));
  }

  @Answers(userRpc.listSecrets)
  listSecrets(call: Asked<'listSecrets'>) {
    return this.#secrets.list(call.body, call.principal, call.meta.at);
  }

  @Answers(userRpc.deleteSecret)
  deleteSecret(call: Asked<'deleteSecret'>) {
    return this.#secrets.delete(call.body.name, writeOf(call));
  }

  @Answers(userRpc.missingSecrets)
  async missingSecrets(call: Asked<'missingSecrets'>) {
    return { missing: await this.#secrets.missing(call.body.ownerId, call.body.names, call.principal) };
  }

  @Answers(userRpc.resolveSecrets)
  async resolveSecrets(call: Asked<'resolveSecrets'>) {
    return { values: await this.#secrets.resolve(call.body.ownerId, call.body.names, call.principal) };
  }
}
