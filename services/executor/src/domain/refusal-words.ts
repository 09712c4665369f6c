// What an agent says that takes no orders: as a fault of its devices, so that they get no jobs and everybody sees why.
import type { NodeDescription } from '@baton/contracts';
import type { Refusal } from './reconcile.ts';

const WHAT_TO_DO = 'See "Restoring" in docs/backup.md.';

export function refusalWords(refusal: Refusal): string {
  switch (refusal.code) {
    case 'older-revision':
      return `The agent has had later orders (${refusal.own}) than the platform gives (${refusal.theirs}): the platform's log is older than it was. The agent runs what it has, and takes up nothing new. ${WHAT_TO_DO}`;
    case 'other-installation':
      return `The agent belongs to another installation (${refusal.own}) than the platform (${refusal.theirs}). It runs what it has, and takes up nothing new. ${WHAT_TO_DO}`;
    default:
      return refusal satisfies never;
  }
}

/** The node as it is told while its agent refuses. */
export function refusing(node: NodeDescription, refusal: Refusal): NodeDescription {
  const fault = refusalWords(refusal);
  return { ...node, devices: node.devices.map((device) => ({ ...device, fault: device.fault ?? fault })) };
}
