// Durations, times and sizes as people read them.
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "5 min ago", "in 3 d", or the day if that is a month or more away. Clocks that differ a little show as "just now". */
export function formatAge(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 5_000) return 'just now';
  if (distance >= 30 * DAY_MS) return new Date(at).toISOString().slice(0, 10);
  return at <= now ? `${coarse(distance, Math.floor)} ago` : `in ${coarse(distance, Math.round)}`;
}

// What was asked to last three days is to show as three days a moment later.
function coarse(ms: number, whole: (value: number) => number): string {
  if (ms < MINUTE_MS) return `${whole(ms / 1_000)} s`;
  if (ms < HOUR_MS) return `${whole(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${whole(ms / HOUR_MS)} h`;
  return `${whole(ms / DAY_MS)} d`;
}

const SIZES = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  let value = bytes;
  let unit = '';
  for (const next of SIZES) {
    if (value < 1_024) break;
    value /= 1_024;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** Local time, to the second. */
export function formatTime(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Numbers of metrics: as many digits as tell something. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e6 || magnitude < 1e-3 ? value.toExponential(2) : Number(value.toPrecision(4)).toString();
}

/** `1 file`, `3 files`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
