// A docker daemon with an image in it, and the runtime over it.
import { type Dockerd, startDockerd, temporaryFolder } from '@baton/testkit';
import { DockerRuntime } from '../adapters/docker/docker-runtime.ts';
import { StatePaths } from '../adapters/files/attempt-paths.ts';
import { copyTools } from '../adapters/files/tools.ts';
import type { AttemptKey } from '../domain/journal.ts';
import type { RuntimeBench } from './runtime-stage.ts';

export const IMAGE = 'baton-test:1';

export interface DockerBench extends RuntimeBench {
  readonly dockerd: Dockerd;
  readonly nodeId: string;
  /** What the runtime has said to whoever runs the node. */
  readonly told: string[];
  open(known: readonly AttemptKey[], waitMs?: number): Promise<DockerRuntime>;
}

/** Or why it can't be had here. */
export async function startDockerBench(): Promise<DockerBench | string> {
  const dockerd = await startDockerd();
  if (typeof dockerd === 'string') return dockerd;
  const folder = await temporaryFolder('baton-docker-runtime-');
  await dockerd.importBusybox(IMAGE);
  const paths = new StatePaths(folder.path);
  const tools = await copyTools(paths.tools);
  const told: string[] = [];
  const tell = (what: object, message: string) => void told.push(`${message} ${JSON.stringify(what)}`);
  const nodeId = `nod_test_${process.pid}`;
  return {
    dockerd,
    nodeId,
    told,
    paths,
    tools,
    environment: { image: IMAGE },
    canLimitMemory: true,
    open: (known, waitMs = 20_000) =>
      DockerRuntime.open({
        socket: dockerd.socket,
        nodeId,
        paths,
        tools,
        user: { uid: 65_534, gid: 65_534 },
        waitMs,
        known: () => known,
        reporter: { info: tell, warn: tell, error: tell },
      }),
    async stop() {
      await dockerd.stop();
      await folder.cleanup();
    },
  };
}
