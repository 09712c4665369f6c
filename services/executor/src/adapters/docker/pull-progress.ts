// How far the pull of an image has come, from what the daemon tells of each layer.

export interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

interface Layer {
  readonly current: number;
  readonly total: number;
}

/** Layers whose size is not known yet count as nothing: the number can only be too high for a moment. */
export class PullProgress {
  readonly #layers = new Map<string, Layer>();
  #percent = 0;

  /** Never falls. */
  get percent(): number {
    return this.#percent;
  }

  /** Throws what went wrong, in the daemon's words. */
  take({ id, status = '', progressDetail, error, errorDetail }: PullEvent): void {
    if (error !== undefined) throw new Error(errorDetail?.message ?? error);
    if (id === undefined) return;
    this.#note(id, status, progressDetail);
    const layers = [...this.#layers.values()];
    const sum = (of: (layer: Layer) => number) => layers.reduce((all, layer) => all + of(layer), 0);
    const whole = sum((layer) => layer.total);
    if (whole > 0) this.#percent = Math.max(this.#percent, Math.floor((100 * sum((layer) => layer.current)) / whole));
  }

  #note(id: string, status: string, { current = 0, total = 0 }: NonNullable<PullEvent['progressDetail']> = {}): void {
    const known = this.#layers.get(id);
    if (status === 'Downloading' && total > 0) this.#layers.set(id, { current, total });
    else if (DOWNLOADED.has(status) && known) this.#layers.set(id, { ...known, current: known.total });
  }
}

const DOWNLOADED = new Set(['Verifying Checksum', 'Download complete', 'Extracting', 'Pull complete']);
