// Attempts in containers of a real docker daemon.
import { startDockerBench } from '../../testing/docker-bench.ts';
import { describeRuntime } from '../../testing/runtime-suite.ts';

describeRuntime({ name: 'the docker runtime', start: startDockerBench });
