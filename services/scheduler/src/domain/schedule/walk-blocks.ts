// What has been found in a walk not to fit: shapes from a time limit on, and owners for a kind of device.
import type { Device } from '@baton/contracts';
import type { Owner } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { ownerKeyOf } from './owner-key.ts';
import type { ShapeEntry, ShapeQueue } from './queue-buckets.ts';

export class WalkBlocks {
  readonly #shapes = new Map<ShapeEntry, number>();
  readonly #owners = new Map<string, number>();
  /** Shapes of which nothing fits any more. */
  closed = 0;

  /** Jobs of the shape with this class of time limits and longer ones. */
  closeShape(shape: ShapeEntry, fromLimitClass: number): void {
    const before = this.#shapes.get(shape) ?? Infinity;
    if (fromLimitClass >= before) return;
    this.#shapes.set(shape, fromLimitClass);
    if (fromLimitClass === -Infinity) this.closed += 1;
  }

  isClosed(shape: ShapeEntry): boolean {
    return this.#shapes.get(shape) === -Infinity;
  }

  closeOwner(owner: Owner, kind: Device['kind'], minDevices: number): void {
    const key = `${kind}/${ownerKeyOf(owner)}`;
    this.#owners.set(key, Math.min(minDevices, this.#owners.get(key) ?? Infinity));
  }

  /** The class of time limits from which on jobs of this queue are out; infinite if none is. */
  closedFrom({ shape, parent }: ShapeQueue): number {
    if (this.#owners.size > 0) {
      const devices = this.#owners.get(`${shape.shape.deviceKind}/${parent.entry.key}`);
      if (devices !== undefined && allDevices(shape.shape) >= devices) return -Infinity;
    }
    return this.#shapes.get(shape) ?? Infinity;
  }
}
