// Bundles the platform's processes: importing hundreds of small modules is most of the time they take to start.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from '../setup/paths.mjs';

const resolvePackage = createRequire(import.meta.url);
const beside = (name, file) => join(resolvePackage.resolve(name), '..', file);

// What is loaded only where it is asked for, and what holds native code.
const external = [
  /^onnxruntime-node/,
  /^dockerode/,
  /^mongoose/,
  /^@kurrent\//,
  /^@nestjs\/(websockets|platform-)/,
  /^class-(validator|transformer)/,
  /^(kafkajs|mqtt|amqplib|amqp-connection-manager|nats|ioredis)$/,
  /^@(grpc|kurrent)\//,
];

const bundle = await rolldown({
  platform: 'node',
  external,
  logLevel: 'warn',
  input: {
    launcher: join(root, 'deploy/dist/embedded/launcher.js'),
    control: join(root, 'deploy/dist/embedded/control.js'),
    admin: join(root, 'deploy/dist/admin/main.js'),
    agent: beside('@baton/executor', 'main.js'),
    'stage-worker': beside('@baton/executor', 'adapters/staging/stage-worker.js'),
    'forecast-worker': beside('@baton/scheduler', 'adapters/forecast/forecast-worker.js'),
    'read-worker': beside('@baton/service-host', 'long-read/read-worker.js'),
    'write-worker': beside('@baton/read-store', 'sqlite/write-worker.js'),
    serving: beside('@baton/serving', 'main.js'),
    'model-worker': beside('@baton/serving', 'adapters/onnx/model-worker.js'),
  },
});
await bundle.write({ dir: join(root, 'deploy/dist/bundle'), format: 'esm', cleanDir: true });
