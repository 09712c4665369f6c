// The idle-gap ledger at the end of the demo: every microsecond of the slot has one name, and they add up.
import type { BatonClient } from '@baton/sdk';
import { bar, done, line } from './story.ts';

export async function showLedger(client: BatonClient): Promise<void> {
  const { devices } = await client.gaps({});
  for (const { nodeName, device, fromUs, toUs, totals } of devices) {
    const wallUs = toUs - fromUs;
    const named = Object.entries(totals).filter(([, us]) => us > 0);
    line(`${nodeName} ${device}: ${seconds(wallUs)} s since it joined`);
    for (const [category, us] of named.toSorted(([, a], [, b]) => b - a))
      line(`  ${category.padEnd(16)} ${bar(us / wallUs)} ${seconds(us).padStart(9)} s  ${percent(us / wallUs)}`);
    const sum = named.reduce((total, [, us]) => total + us, 0);
    if (sum !== wallUs) throw new Error(`the ledger says ${sum} microseconds of ${wallUs}`);
  }
  done('The categories add up to the wall time, to the microsecond. `baton gaps` shows them at any time.');
}

const seconds = (us: number) => (us / 1e6).toFixed(3);
const percent = (share: number) => `${(share * 100).toFixed(1).padStart(5)} %`;
