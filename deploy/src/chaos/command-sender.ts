// Commands as a careful client sends them: with an idempotency key, again and again until the answer is a definite one.
import { setTimeout as sleep } from 'node:timers/promises';

export interface SentCommand {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  /** From `/api/v1` on. */
  readonly path: string;
  readonly body: object;
  readonly key: string;
  readonly ifRevision?: number;
}

export type Outcome =
  | { readonly kind: 'ok'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly detail: string }
  /** Nothing definite was heard: it may have taken effect, or may take effect yet. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface Caller {
  readonly url: string;
  readonly token: string;
}

const TIMEOUT_MS = 5_000;
const PAUSE_MS = 150;

/** One try. */
export async function sendOnce(caller: Caller, command: SentCommand, timeoutMs = TIMEOUT_MS): Promise<Outcome> {
  try {
    const response = await fetch(`${caller.url}/api/v1${command.path}`, {
      method: command.method,
      headers: {
        authorization: `Bearer ${caller.token}`,
        'content-type': 'application/json',
        'idempotency-key': command.key,
        ...(command.ifRevision === undefined ? {} : { 'if-match': `"${command.ifRevision}"` }),
      },
      body: JSON.stringify(command.body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return outcomeOf(response.status, (await response.json()) as Record<string, unknown>);
  } catch (error) {
    return { kind: 'unknown', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Repeats itself until `untilMs` (of `performance.now`); each `unknown` on the way is told to `onUnknown`. */
export async function send(
  caller: Caller,
  command: SentCommand,
  untilMs: () => number,
  onUnknown: (why: string) => void = () => {},
): Promise<Outcome> {
  for (;;) {
    const outcome = await sendOnce(caller, command);
    if (outcome.kind !== 'unknown') return outcome;
    onUnknown(outcome.why);
    if (performance.now() > untilMs()) return outcome;
    await sleep(PAUSE_MS);
  }
}

function outcomeOf(status: number, body: Record<string, unknown>): Outcome {
  if (status < 300) return { kind: 'ok', body };
  const code = String(body['code']);
  const detail = String(body['detail']);
  // The first try may still be under way.
  const isOpen = status >= 500 || status === 429 || code === 'request_in_flight';
  return isOpen ? { kind: 'unknown', why: `${status} ${code}: ${detail}` } : { kind: 'refused', status, code, detail };
}
