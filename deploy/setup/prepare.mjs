// Installs and builds what a task needs, the independent parts side by side, and returns the environment they make.
import { installDocker } from './install/docker.mjs';
import { installMongo } from './install/mongo.mjs';
import { installNatsServer } from './install/nats-server.mjs';
import { installNpmPackages } from './install/npm-packages.mjs';
import { installPython } from './install/python.mjs';
import { runNode } from './process/foreground.mjs';
import { SetupError } from './setup-error.mjs';

// Types are checked by `npm run check`, all in one program: that takes a third of the time.
const tsc = ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json', '--noCheck'];

async function build() {
  for (const [script, ...args] of [tsc, ['deploy/workspace/bundle.mjs']]) {
    const exitCode = await runNode(script, args);
    if (exitCode !== 0) throw new SetupError('the build failed', 'fix the errors above');
  }
}

const parts = {
  packages: async () => {
    await installNpmPackages();
    return {};
  },
  build: async () => {
    await installNpmPackages();
    await build();
    return {};
  },
  natsServer: async () => {
    const { binary, version } = await installNatsServer();
    return { BATON_NATS_SERVER: binary, BATON_NATS_SERVER_VERSION: version };
  },
  python: async () => ({ BATON_PYTHON: await installPython() }),
  docker: async () => {
    await installDocker();
    return {};
  },
  mongo: async () => {
    const { kind, command } = await installMongo();
    return { BATON_MONGO_KIND: kind, BATON_MONGO_COMMAND: command };
  },
};

/** Prepares every named part even when one fails, so that one run reports all that is missing. */
export async function prepare(...names) {
  const results = await Promise.allSettled(names.map((name) => parts[name]()));
  const failures = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'several parts are missing');
  return Object.assign({}, ...results.map(({ value }) => value));
}

/** Prepares one part that the task can do without; `onMissing` hears why it is missing. */
export async function prepareOptional(name, onMissing) {
  try {
    return await parts[name]();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    onMissing(error);
    return {};
  }
}
