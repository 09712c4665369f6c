// The control process: gateway and services together, each with its own connection, credentials and subjects.
import { datasetService } from '@baton/dataset';
import type { NatsRole } from '@baton/contracts';
import { startGateway } from '@baton/gateway';
import { Exchange } from '@baton/messaging';
import { modelService } from '@baton/model';
import { schedulerService } from '@baton/scheduler';
import { type Closable, type Environment, runMain, startService } from '@baton/service-host';
import { userService } from '@baton/user';
import { passwordFile } from './home.ts';

function roleEnvironment(environment: Environment, role: NatsRole): Environment {
  const secrets = environment['BATON_SECRETS_FOLDER'] ?? '';
  return { ...environment, BATON_NATS_USER: role, BATON_NATS_PASSWORD_FILE: passwordFile(secrets, role) };
}

await runMain(async (environment) => {
  const exchange = new Exchange();
  const running: Closable[] = await Promise.all([
    startService(userService, roleEnvironment(environment, 'user'), exchange),
    startService(datasetService, roleEnvironment(environment, 'dataset'), exchange),
    startService(modelService, roleEnvironment(environment, 'model'), exchange),
    startService(schedulerService, roleEnvironment(environment, 'scheduler'), exchange),
    startGateway(roleEnvironment(environment, 'gateway'), exchange),
  ]);
  return {
    close: async () => {
      for (const part of running.toReversed()) await part.close();
    },
  };
});
