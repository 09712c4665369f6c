// Reads what `nvidia-smi --query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits` prints.
import type { Device } from '@baton/contracts';

export const GPU_QUERY = ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits'];
const MIB = 1024 * 1024;

export interface GpuReport {
  readonly devices: readonly Device[];
  /** Lines that name no usable card: a broken card, a driver that doesn't answer. */
  readonly faults: readonly string[];
}

export function parseGpuQuery(text: string): GpuReport {
  const lines = text.split('\n').map((line) => line.trim());
  const parsed = lines.filter((line) => line !== '').map(parseLine);
  return {
    devices: parsed.flatMap((entry) => (typeof entry === 'string' ? [] : [entry])),
    faults: parsed.filter((entry) => typeof entry === 'string'),
  };
}

/** The device, or the line itself if it holds none. The name may hold commas. */
function parseLine(line: string): Device | string {
  const match = /^(\d+), (GPU-[0-9a-f-]{36}), (.+), (\d+)$/.exec(line);
  if (!match) return line;
  const [, index, id = '', model = '', memory] = match;
  return { id, kind: 'gpu', index: Number(index), model, memoryBytes: Number(memory) * MIB };
}
