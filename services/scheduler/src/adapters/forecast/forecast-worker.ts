// The thread of forecasts: of low priority for itself alone, it plays on what it is sent, and tells what came of it.
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { Parcel } from '../../domain/forecast/parcels.ts';
import { Player } from '../../domain/forecast/player.ts';

lowerPriority();
const player = new Player();
parentPort?.on('message', (parcel: Parcel) => {
  const played = player.take(parcel, () => performance.now());
  if (played) parentPort?.postMessage(played);
});

/** On Linux it belongs to the thread, not to the process. */
function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It then works at the priority of the others; how much it does is bounded all the same.
  }
}
