// What is found wrong in a policy as it is read: all of it, each with its place.
import { type Issue, parseDurationMs, parseSizeBytes } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

const YEAR_MS = 365 * 86_400_000;
const MOST_MS = 100 * YEAR_MS;

export class PolicyFaults {
  readonly #issues: Issue[] = [];

  add(pointer: string, detail: string): void {
    this.#issues.push({ pointer, detail });
  }

  /** Milliseconds; the default if nothing was said, or nothing that can be read. */
  duration(
    value: number | string | undefined,
    pointer: string,
    { absent, leastMs = 0 }: { readonly absent: number; readonly leastMs?: number },
  ): number {
    if (value === undefined) return absent;
    const ms = typeof value === 'number' ? Math.round(value * 1_000) : parseDurationMs(value);
    if (ms === null) this.add(pointer, `is not a duration: "${value}"; write for example "2h30m"`);
    else if (ms < leastMs) this.add(pointer, `is too short: at least ${leastMs / 1_000} s`);
    else if (ms > MOST_MS) this.add(pointer, 'is too long: at most 100 years');
    else return ms;
    return absent;
  }

  /** Bytes; 0 if they can't be read. */
  size(value: number | string, pointer: string): number {
    const bytes = typeof value === 'number' ? value : parseSizeBytes(value);
    if (bytes !== null && Number.isSafeInteger(bytes)) return bytes;
    this.add(pointer, `is not a size: "${value}"; write for example "50GiB"`);
    return 0;
  }

  /** Throws `invalid_input` with all that was found. */
  check(): void {
    const [first] = this.#issues;
    if (first === undefined) return;
    const message = `The policy is not valid: ${first.pointer} ${first.detail}.`;
    throw new PlatformError('invalid_input', message, { issues: this.#issues });
  }
}

export function pointerTo(...members: readonly (string | number)[]): string {
  return members.map((member) => `/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
