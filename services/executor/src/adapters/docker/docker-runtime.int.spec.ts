// Attempts in containers of a real docker daemon.
import { describeRuntime } from '../../testing/runtime-suite.ts';
import { missingForDocker, startDockerBench } from '../../testing/docker-bench.ts';

describeRuntime({ name: 'the docker runtime', missing: missingForDocker, start: () => startDockerBench() });
