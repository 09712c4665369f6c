// A fresh embedded platform for a benchmark, with its admin logged in.
import { BatonClient } from '@baton/sdk';
import { embeddedPlatform, type EmbeddedPlatform, freePort, temporaryFolder } from '@baton/testkit';

export interface BenchPlatform {
  readonly platform: EmbeddedPlatform;
  readonly client: BatonClient;
  readonly token: string;
  readonly stop: () => Promise<void>;
}

const ADMIN = { email: 'bench@example.com', name: 'Bench', password: 'bench-password' };

export async function startPlatform(env: Readonly<Record<string, string>> = {}): Promise<BenchPlatform> {
  const folder = await temporaryFolder('baton-bench-');
  const platform = embeddedPlatform({ home: folder.path, port: await freePort(), servingPort: await freePort(), env });
  const stop = async () => {
    await platform.stop();
    // Jobs outlive a platform that stops, and keep their control groups.
    await platform.destroy();
    await folder.cleanup();
  };
  try {
    await platform.start();
    const token = await signUp(platform);
    const client = new BatonClient({ url: platform.url, token });
    await nodeJoined(client);
    return { platform, client, token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function signUp(platform: EmbeddedPlatform): Promise<string> {
  const anonymous = new BatonClient({ url: platform.url });
  await anonymous.users.signUp({ token: platform.adminToken(), ...ADMIN });
  const { email, password } = ADMIN;
  return (await anonymous.users.logIn({ email, password })).token;
}

async function nodeJoined(client: BatonClient): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { items } = await client.nodes.list();
    if (items.some((node) => node.reachable)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no node joined');
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
