// Progress on one line of standard error, where that is a terminal; nothing otherwise.
import { cutToWidth, terminalWidth } from './text-width.ts';
import { formatBytes, formatDuration } from './units.ts';

const REDRAW_MS = 80;
const BAR_WIDTH = 24;

export function barText(share: number, width = BAR_WIDTH): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** `label ███░░ 45 % 1.2 MiB of 2.6 MiB, 3 s left`. The rate is that of this run: what an earlier one sent doesn't count. */
export function progressText(
  label: string,
  state: { readonly done: number; readonly total: number; readonly perMs: number },
): string {
  const { done, total, perMs } = state;
  const share = total === 0 ? 1 : done / total;
  const left = perMs > 0 && done < total ? `, ${formatDuration((total - done) / perMs)} left` : '';
  return `${label} ${barText(share)} ${Math.floor(share * 100)} % ${formatBytes(done)} of ${formatBytes(total)}${left}`;
}

export class ProgressBar {
  readonly #label: string;
  readonly #stream: NodeJS.WriteStream;
  #first: { at: number; done: number } | undefined;
  #drawnAt = 0;

  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label;
    this.#stream = stream;
  }

  update(done: number, total: number): void {
    const now = Date.now();
    this.#first ??= { at: now, done };
    if (!this.#stream.isTTY || (now - this.#drawnAt < REDRAW_MS && done < total)) return;
    this.#drawnAt = now;
    const perMs = (done - this.#first.done) / Math.max(1, now - this.#first.at);
    const text = progressText(this.#label, { done, total, perMs });
    this.#stream.write(`\r\u001B[2K${cutToWidth(text, terminalWidth(this.#stream) - 1)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#stream.isTTY && this.#drawnAt > 0) this.#stream.write('\r\u001B[2K');
    this.#drawnAt = 0;
  }
}
