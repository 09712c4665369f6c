// Reads what nvidia-smi tells of the use of cards. What a card does not tell (`[N/A]`, `[Not Supported]`) is left out.
import type { MetricValues } from '@baton/contracts';

const FIELDS = ['index', 'uuid', 'utilization.gpu', 'memory.used', 'temperature.gpu', 'power.draw'];
export const GPU_USAGE_QUERY = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'];
const MIB = 1024 * 1024;

/** By the card's UUID: use in percent, memory in bytes, temperature in degrees Celsius, power in watts. */
export function parseGpuUsage(text: string): ReadonlyMap<string, MetricValues> {
  const cards = text.split('\n').flatMap((line) => {
    const [index = '', uuid = '', ...rest] = line.split(',').map((field) => field.trim());
    if (!/^\d{1,3}$/.test(index) || !uuid.startsWith('GPU-')) return [];
    return [[uuid, valuesOf(`system/gpu-${index}`, rest)] as const];
  });
  return new Map(cards);
}

function valuesOf(name: string, [use, memory, temperature, power]: readonly string[]): MetricValues {
  const known = [
    [`${name}/use`, numberOf(use)],
    [`${name}/memory`, numberOf(memory) * MIB],
    [`${name}/temperature`, numberOf(temperature)],
    [`${name}/power`, numberOf(power)],
  ] as const;
  return Object.fromEntries(known.filter(([, value]) => Number.isFinite(value)));
}

function numberOf(text = ''): number {
  return /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
}
