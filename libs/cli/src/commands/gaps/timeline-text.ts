// The ledger as a picture: a line a device, a character for each stretch of time, and what they stand for. Needs no colours.
import type { DeviceGaps, GapCategory, GapInterval, GapsView } from '@baton/contracts';
import { paint, type Style } from '../../output/paint.ts';
import { table } from '../../output/table.ts';
import { cutToWidth, plainLine, textWidth } from '../../output/text-width.ts';
import { formatCount, formatDuration, formatTime } from '../../output/units.ts';

interface Sign {
  readonly character: string;
  readonly style: Style | undefined;
  readonly words: string;
}

const SIGNS: Readonly<Record<GapCategory, Sign>> = {
  running: { character: '#', style: 'green', words: 'running' },
  'waiting-for-take': { character: 'w', style: 'cyan', words: 'waiting for baton.take()' },
  starting: { character: '+', style: 'cyan', words: 'starting' },
  stopping: { character: 'x', style: 'yellow', words: 'stopping' },
  staging: { character: 's', style: 'yellow', words: 'staging, with nothing running' },
  unreachable: { character: '?', style: 'red', words: 'node unreachable' },
  'platform-down': { character: '!', style: 'red', words: 'platform down' },
  'out-of-service': { character: 'o', style: 'red', words: 'out of service' },
  'idle-queued': { character: 'q', style: 'yellow', words: 'idle, though something queued' },
  'idle-empty': { character: '.', style: 'dim', words: 'idle, nothing queued' },
};
const CATEGORIES = Object.keys(SIGNS) as GapCategory[];

const MOST_COLUMNS = 120;
const FEWEST_COLUMNS = 10;
/** Of a device's name; a GPU's id is longer. */
const LABEL_WIDTH = 28;

export function gapsText(view: GapsView, width: number): string {
  const { until, devices } = view;
  if (devices.length === 0) return 'No devices in that time.';
  // What lies before the first device joined would only be blank.
  const from = Math.min(...devices.map(({ fromUs }) => fromUs)) / 1_000;
  const head = `${formatTime(from)} to ${formatTime(until)}  ${formatDuration(until - from)}  ${formatCount(devices.length, 'device')}`;
  return [paint('dim', head), deviceLines(devices, { from, until }, width), legend(view)].join('\n\n');
}

function deviceLines(
  devices: readonly DeviceGaps[],
  { from, until }: { readonly from: number; readonly until: number },
  width: number,
): string {
  const labels = devices.map(({ nodeName, device }) => cutToWidth(plainLine(`${nodeName} ${device}`), LABEL_WIDTH));
  const labelWidth = Math.max(...labels.map(textWidth));
  const columns = Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, width - labelWidth - ' [] 100.0 % running'.length));
  return devices
    .map((device, index) => {
      const label = (labels[index] ?? '') + ' '.repeat(labelWidth - textWidth(labels[index] ?? ''));
      const picture = columnsOf(device, { from: from * 1_000, to: until * 1_000 }, columns);
      return `${paint('bold', label)} [${painted(picture)}] ${percent(device.totals.running, device).padStart(7)} running`;
    })
    .join('\n');
}

/** For each column what took most of its time; null before the device joined. */
export function columnsOf(
  device: Pick<DeviceGaps, 'intervals'>,
  { from, to }: { readonly from: number; readonly to: number },
  count: number,
): (GapCategory | null)[] {
  let next = 0;
  return Array.from({ length: count }, (_, index) => {
    const left = from + ((to - from) * index) / count;
    const right = from + ((to - from) * (index + 1)) / count;
    while ((device.intervals[next]?.toUs ?? Infinity) <= left) next += 1;
    const shares = new Map<GapCategory, number>();
    for (let at = next; (device.intervals[at]?.fromUs ?? Infinity) < right; at += 1) {
      const interval = device.intervals[at];
      if (!interval) break;
      const share = shareOf(interval, { left, right });
      shares.set(interval.category, (shares.get(interval.category) ?? 0) + share);
    }
    return [...shares].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? null;
  });
}

/** Of a device that jobs share an earlier one may have ended already. */
function shareOf(
  { fromUs, toUs, part = 1 }: GapInterval,
  { left, right }: { readonly left: number; readonly right: number },
): number {
  return part * Math.max(0, Math.min(toUs, right) - Math.max(fromUs, left));
}

/** Neighbours of one category in one go: fewer escape sequences. */
function painted(columns: readonly (GapCategory | null)[]): string {
  let text = '';
  for (let index = 0; index < columns.length;) {
    const category = columns[index] ?? null;
    let end = index;
    while (end < columns.length && (columns[end] ?? null) === category) end += 1;
    const { character, style } = category === null ? { character: ' ', style: undefined } : SIGNS[category];
    const run = character.repeat(end - index);
    text += style === undefined ? run : paint(style, run);
    index = end;
  }
  return text;
}

function legend({ totals, devices, reasons }: GapsView): string {
  const whole = { fromUs: 0, toUs: devices.reduce((sum, { fromUs, toUs }) => sum + toUs - fromUs, 0) };
  const rows = CATEGORIES.filter((category) => totals[category] > 0);
  return table(rows, [
    { title: '', value: (category) => SIGNS[category].character, style: (category) => SIGNS[category].style },
    { title: 'device time', value: (category) => SIGNS[category].words },
    { title: 'share', value: (category) => percent(totals[category], whole), align: 'right' },
    { title: 'in all', value: (category) => formatDuration(totals[category] / 1_000), align: 'right' },
    { title: 'why', value: (category) => why(reasons, category) },
  ]);
}

function why(reasons: GapsView['reasons'], category: GapCategory): string {
  if (category !== 'idle-queued' && category !== 'out-of-service') return '';
  return Object.entries(reasons[category])
    .toSorted(([, one], [, other]) => other - one)
    .map(([reason, us]) => `${reason} ${formatDuration(us / 1_000)}`)
    .join(', ');
}

function percent(us: number, { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number }): string {
  const share = toUs > fromUs ? (100 * us) / (toUs - fromUs) : 0;
  if (share > 0 && share < 0.05) return '<0.1 %';
  return `${share.toFixed(1)} %`;
}
