// An embedded platform of a test file's own: free ports, a temporary home, and nothing left behind, whatever happens.
import {
  embeddedPlatform,
  type EmbeddedPlatform,
  type FolderProcess,
  freePort,
  processesOf,
  temporaryFolder,
} from '@baton/testkit';
import type { BatonClient } from '@baton/sdk';
import { onTestFinished } from 'vitest';
import { signUpAdmin } from './people.ts';

export interface TestPlatform extends EmbeddedPlatform {
  /** For the test's own files; goes with the home. */
  readonly files: string;
  /** Living processes that have to do with the home, jobs as well. */
  leftovers(): FolderProcess[];
  /** Ends every process, jobs as well, and removes the folders. For `afterAll`. */
  cleanUp(): Promise<void>;
}

/** Not started yet. */
export async function newPlatform(env: Readonly<Record<string, string>> = {}): Promise<TestPlatform> {
  const home = await temporaryFolder('baton-e2e-home-');
  const files = await temporaryFolder('baton-e2e-files-');
  const platform = embeddedPlatform({
    home: env['BATON_HOME'] ?? home.path,
    port: await freePort(),
    servingPort: await freePort(),
    env: { BATON_CPU_SLOTS: '1', ...env },
  });
  const cleanUp = async (): Promise<void> => {
    await platform.destroy();
    await Promise.all([home.cleanup(), files.cleanup()]);
  };
  return Object.assign(platform, { files: files.path, cleanUp, leftovers: () => processesOf(platform.home) });
}

/** Started, with its admin signed up. For `beforeAll`: if it does not come to that, nothing is left behind. */
export async function startedPlatform(
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly platform: TestPlatform; readonly admin: BatonClient }> {
  const platform = await newPlatform(env);
  try {
    await platform.start();
    return { platform, admin: await signUpAdmin(platform) };
  } catch (error) {
    await platform.cleanUp();
    throw error;
  }
}

/** One for a single test: gone when the test is over. */
export async function platformOfTest(env: Readonly<Record<string, string>> = {}): Promise<TestPlatform> {
  const platform = await newPlatform(env);
  onTestFinished(() => platform.cleanUp());
  return platform;
}
