// A node's devices and people in a few words.
import type { NodeView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';

export type NodeDevice = NodeView['devices'][number];

/** `2 x NVIDIA H100`, kinds in the order of their devices. */
export function deviceKinds({ devices }: NodeView): string {
  const counts = new Map<string, number>();
  for (const { kind, model } of devices) {
    const name = model === '' ? kind : model;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} x ${name}`).join(', ');
}

export function freeDevices({ devices }: NodeView): string {
  const free = devices.filter(({ held, fault }) => !held && fault === undefined);
  return `${free.length} of ${devices.length}`;
}

/** What an admin should know of it at a glance. */
export function remark({ cordon, devices }: NodeView): string {
  const broken = devices.filter(({ fault }) => fault !== undefined).length;
  const faults = broken === 0 ? '' : `${broken} out of service`;
  return [cordon?.reason ?? '', faults].filter((text) => text !== '').join('; ');
}

/** By e-mail address, where the asker may see it. */
export async function personName(client: BatonClient, id: string): Promise<string> {
  try {
    return (await client.http.json<{ email: string }>('GET', `/users/${encodeURIComponent(id)}`)).email;
  } catch {
    return id;
  }
}
