// JSON inference against FastAPI with onnxruntime, in the same run.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, temporaryFolder } from '@baton/testkit';
import { type Benchmark, quantile } from './benchmark.ts';
import { closedLoop, type LoopResult } from './closed-loop.ts';
import { note, startPlatform } from './platform.ts';

const CONNECTIONS = 32;
const WIDTH = 512;
const WARM_UP = 1_000;
const REQUESTS = 8_000;
const SCRIPTS = fileURLToPath(new URL('../fastapi', import.meta.url));

export const infer: Benchmark = {
  method:
    `One row of ${WIDTH} FP32 as JSON in, one out, through a ${WIDTH}x6 MLP (ONNX); closed loop on ${CONNECTIONS} connections, ${REQUESTS} requests after ` +
    `${WARM_UP} to warm up. Baton: POST /v2/models/mlp/infer with a token on the embedded platform. FastAPI + onnxruntime: one uvicorn process, default options, the same bodies. ` +
    'One after the other on the same machine, with the client on it.',
  targets: [{ figure: 'throughputRatio', op: '>=', value: 1 }],
  async run() {
    const python = process.env['BATON_PYTHON'];
    if (!python) throw new Error('BATON_PYTHON is not set: run it as `npm run bench -- infer`.');
    const folder = await temporaryFolder('baton-infer-');
    try {
      const model = join(folder.path, 'mlp.onnx');
      execFileSync(python, [join(SCRIPTS, 'make_mlp.py'), model]);
      const baton = await batonLoad(model);
      note(`Baton: ${Math.round(perSecond(baton))} requests/s`);
      const fastapi = await fastapiLoad(python, model);
      note(`FastAPI: ${Math.round(perSecond(fastapi))} requests/s`);
      return {
        perSecond: perSecond(baton),
        fastapiPerSecond: perSecond(fastapi),
        throughputRatio: perSecond(baton) / perSecond(fastapi),
        p50Ms: quantile(baton.latenciesMs, 0.5),
        p99Ms: quantile(baton.latenciesMs, 0.99),
        fastapiP50Ms: quantile(fastapi.latenciesMs, 0.5),
        fastapiP99Ms: quantile(fastapi.latenciesMs, 0.99),
      };
    } finally {
      await folder.cleanup();
    }
  },
};

function perSecond({ latenciesMs, wallMs }: LoopResult): number {
  return latenciesMs.length / (wallMs / 1_000);
}

/** 64 different rows, so that nothing can be remembered. */
const bodies = Array.from({ length: 64 }, (_, n) => {
  const data = Array.from({ length: WIDTH }, (_value, index) => Math.round(Math.sin(n * 31 + index) * 1e4) / 1e4);
  return JSON.stringify({ inputs: [{ name: 'x', shape: [1, WIDTH], datatype: 'FP32', data }] });
});

async function load(url: string, headers: Readonly<Record<string, string>>): Promise<LoopResult> {
  const run = (count: number) =>
    closedLoop({
      url,
      connections: CONNECTIONS,
      headers,
      body: (n) => (n < count ? (bodies[n % bodies.length] ?? null) : null),
    });
  await run(WARM_UP);
  return run(REQUESTS);
}

async function batonLoad(model: string): Promise<LoopResult> {
  const { platform, client, token, stop } = await startPlatform();
  try {
    await client.models.create({ name: 'mlp' });
    const { uploadId } = await client.upload(model);
    await client.models.addVersion('mlp', { uploads: [uploadId] });
    await client.endpoints.create({ name: 'mlp', model: 'mlp' });
    return await load(`${platform.servingUrl}/v2/models/mlp/infer`, { authorization: `Bearer ${token}` });
  } finally {
    await stop();
  }
}

async function fastapiLoad(python: string, model: string): Promise<LoopResult> {
  const port = await freePort();
  const server: ChildProcess = spawn(python, [join(SCRIPTS, 'server.py'), model, String(port)], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  try {
    await untilAnswering(`http://127.0.0.1:${port}/docs`);
    return await load(`http://127.0.0.1:${port}/infer`, {});
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

async function untilAnswering(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if ((await fetch(url).catch(() => null))?.ok) return;
    await sleep(100);
  }
  throw new Error('FastAPI did not start');
}
