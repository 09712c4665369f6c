// Who gets which devices of this node, and when: pure, so that "no device twice" and "nobody overtakes" can be proven.
import { type Behind, TWENTIETHS_OF_DEVICE } from '@baton/contracts';

export interface LineEntry {
  readonly name: string;
  /** Being prepared; ready, with a process that waits; or running. What has gone is not in the line. */
  readonly phase: 'preparing' | 'ready' | 'running';
  /** While running: what it has. Before: what the log gave it already. */
  readonly devices: readonly string[];
  /** Of its one device, which it shares with others that have parts; null: it has its devices alone. */
  readonly twentieths: number | null;
  /** While waiting: what it needs besides. */
  readonly behind: Pick<Behind, 'count' | 'pool'> | null;
  /** It keeps what the log gave it, and does not start before its peers on other nodes are ready as well. */
  readonly isHeld: boolean;
}

export interface Grant {
  readonly name: string;
  readonly devices: readonly string[];
}

/**
 * The attempts that may start now, each with all its devices. `line` is in the order of assignment. A device is free when no
 * running attempt has it and the log has given it to nobody else; those ahead that are ready and still lack some keep what is free.
 * One that has a part of a device starts beside others that have parts, as long as there is room.
 */
export function grants(line: readonly LineEntry[], faulty: ReadonlySet<string> = new Set()): Grant[] {
  const taken = new Map<string, number>();
  for (const entry of line) if (entry.phase === 'running') take(taken, entry, entry.devices);
  const given = new Map(
    line.filter((entry) => entry.phase !== 'running').flatMap((entry) => entry.devices.map((id) => [id, entry.name])),
  );
  const found: Grant[] = [];
  for (const entry of line) {
    if (entry.phase !== 'ready' || entry.isHeld || !hasRoom(taken, entry)) continue;
    const { count, pool } = entry.behind ?? { count: 0, pool: [] };
    const isFree = (id: string) => !taken.has(id) && !faulty.has(id) && (given.get(id) ?? entry.name) === entry.name;
    const free = pool.filter(isFree).slice(0, count);
    if (free.length < count) {
      for (const id of free) given.set(id, entry.name);
      continue;
    }
    const devices = [...entry.devices, ...free];
    take(taken, entry, devices);
    found.push({ name: entry.name, devices });
  }
  return found;
}

/** Twentieths that running attempts have of each device. */
type Taken = Map<string, number>;
type Share = Pick<LineEntry, 'twentieths'>;

function take(taken: Taken, { twentieths }: Share, devices: readonly string[]): void {
  for (const id of devices) taken.set(id, (taken.get(id) ?? 0) + (twentieths ?? TWENTIETHS_OF_DEVICE));
}

function hasRoom(taken: ReadonlyMap<string, number>, { devices, twentieths }: LineEntry): boolean {
  const need = twentieths ?? TWENTIETHS_OF_DEVICE;
  return devices.every((id) => (taken.get(id) ?? 0) + need <= TWENTIETHS_OF_DEVICE);
}
