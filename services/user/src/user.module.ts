// Wiring of the user service.
import type { Platform } from '@baton/service-host';
import type { DynamicModule } from '@nestjs/common';
import { AccountController } from './adapters/account.controller.ts';
import { AdminTokenFile } from './adapters/admin-token-file.ts';
import { Argon2Hasher } from './adapters/argon2.ts';
import { HashedSecrets } from './adapters/credential-secrets.ts';
import { FileVault } from './adapters/file-vault.ts';
import { GroupController } from './adapters/group.controller.ts';
import { LogIds } from './adapters/log-ids.ts';
import { LogNames } from './adapters/log-names.ts';
import { openAggregates } from './adapters/open-aggregates.ts';
import { PersonalKeys } from './adapters/personal-keys.ts';
import { SecretController } from './adapters/secret.controller.ts';
import { SessionController } from './adapters/session.controller.ts';
import { TokenController } from './adapters/token.controller.ts';
import { openViews } from './adapters/open-views.ts';
import { resumeErasures } from './adapters/resume-erasures.ts';
import { Accounts } from './app/accounts.ts';
import { Authenticator } from './app/authenticate.ts';
import { Erasure } from './app/erasure.ts';
import { Groups } from './app/groups.ts';
import { Invites } from './app/invites.ts';
import { LogInLimit } from './app/log-in-limit.ts';
import { LogInWithPassword } from './app/log-in.ts';
import { Secrets } from './app/secrets.ts';
import { SignUpWithToken } from './app/sign-up.ts';
import { Tokens } from './app/tokens.ts';
import type { UserConfig } from './config.ts';
import { subjects } from '@baton/contracts';
import type { CredentialsChanged } from './app/ports.ts';

class UserModule {}

export async function userModule(platform: Platform, config: UserConfig): Promise<DynamicModule> {
  const { now, secret: installationSecret } = platform;
  const [{ views, caughtUp }, { aggregates, credentials }] = await Promise.all([
    openViews(platform),
    openAggregates(platform),
  ]);
  const names = new LogNames(platform);
  const ids = new LogIds(installationSecret);
  const secrets = new HashedSecrets(installationSecret);
  const hasher = new Argon2Hasher();
  const personal = new PersonalKeys(config.BATON_KEYS_FOLDER, installationSecret);
  const vault = new FileVault(config.BATON_KEYS_FOLDER, installationSecret);
  const adminToken = new AdminTokenFile(config.BATON_ADMIN_TOKEN_FILE);
  const changed: CredentialsChanged = (what) => platform.bus.publish(subjects.credentialsChanged, what);
  const tokens = new Tokens({ view: views.tokens, aggregates, ids, secrets, changed, now });
  const userSecrets = new Secrets({ view: views.secrets, aggregates, ids, vault });
  const erasure = new Erasure({
    ...views,
    aggregates,
    memberships: credentials.memberships,
    names,
    personal,
    keyring: personal,
    deleteSecret: (ownerId, name, write) => userSecrets.deleteOf(ownerId, name, write),
    changed,
  });
  const provided = [
    tokens,
    secrets,
    new Authenticator({ ...credentials, secrets, now }),
    new SignUpWithToken({ aggregates, names, newUserId: ids.newUserId, adminToken, secrets, hasher, personal, now }),
    new LogInWithPassword({ names, users: credentials.users, tokens, hasher, limit: new LogInLimit(), now }),
    new Accounts({ users: views.users, aggregates, names, personal, changed }),
    new Invites({ aggregates, ids, secrets, now }),
    new Groups({ groups: views.groups, aggregates, ids, names, changed }),
    userSecrets,
    erasure,
  ];
  await caughtUp;
  await resumeErasures(platform, erasure);
  return {
    module: UserModule,
    controllers: [SessionController, AccountController, TokenController, GroupController, SecretController],
    providers: provided.map((instance) => ({ provide: instance.constructor, useValue: instance })),
  };
}
