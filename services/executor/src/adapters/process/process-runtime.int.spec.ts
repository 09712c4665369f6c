// Attempts as plain processes.
import { temporaryFolder } from '@baton/testkit';
import { describeRuntime } from '../../testing/runtime-suite.ts';
import { StatePaths } from '../files/attempt-paths.ts';
import { copyTools } from '../files/tools.ts';
import { Cgroups } from './cgroups.ts';
import { findOnPath } from './find-command.ts';
import { Launcher } from './launcher.ts';
import type { Priorities } from './priorities.ts';
import { ProcessRuntime } from './process-runtime.ts';

/** This process is no agent: nothing of it is raised. */
const USUAL: Priorities = { begun: () => undefined, ready: () => undefined };

const MANNERS = [
  { name: 'the process runtime', launched: true },
  { name: 'the process runtime without a shell that starts processes', launched: false },
];

for (const { name, launched } of MANNERS)
  describeRuntime({
    name,
    start: async () => {
      const folder = await temporaryFolder('baton-process-runtime-');
      const paths = new StatePaths(folder.path);
      const cgroups = Cgroups.open(`test-${process.pid}`);
      const path = process.env['PATH'] ?? '';
      const setpriv = await findOnPath('setpriv', path);
      const launcher = launched ? new Launcher(process.env['PATH'] ?? '', () => undefined) : null;
      const tools = await copyTools(paths.tools);
      return {
        paths,
        tools,
        environment: {},
        canLimitMemory: cgroups?.canLimit('memory') ?? false,
        open: async () =>
          new ProcessRuntime({ paths, tools, priorities: USUAL, path, setpriv, cgroups, jobUser: null, launcher }),
        async stop() {
          await folder.cleanup();
          cgroups?.close();
        },
      };
    },
  });
