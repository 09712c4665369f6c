// Calls the endpoint, and sends one small command after the other: how long is the longest time in which none goes through?
import { setTimeout as sleep } from 'node:timers/promises';
import { sendOnce } from '../command-sender.ts';
import { ENDPOINT, SCALE } from '../scene.ts';
import { violated } from '../tally.ts';
import { command, type Run } from './run.ts';

const EVERY_MS = 100;
const PATIENCE_MS = 1_500;
/** Worth a word to whoever watches. */
const LONG_MS = 5_000;

export async function probeCommands(run: Run): Promise<void> {
  const made = await command(run, { method: 'POST', path: '/datasets', body: { name: 'probe' }, key: 'probe' });
  if (made.kind !== 'ok') return;
  const path = `/datasets/${String(made.body['id'])}`;
  let lastAt = performance.now();
  for (let count = 0; !run.over.aborted; count += 1) {
    const body = { description: `probe ${count}` };
    const outcome = await sendOnce(
      run.scene.caller,
      { method: 'PATCH', path, body, key: body.description },
      PATIENCE_MS,
    );
    if (outcome.kind === 'ok') {
      const now = performance.now();
      const awayMs = Math.round(now - lastAt);
      if (awayMs > LONG_MS) run.say(`          no command went through for ${awayMs} ms`);
      run.tally.maxUnavailabilityMs = Math.max(run.tally.maxUnavailabilityMs, awayMs);
      lastAt = now;
    } else if (outcome.kind === 'refused') {
      violated(
        run.tally,
        'commandsRefused',
        `${body.description}: ${outcome.status} ${outcome.code}: ${outcome.detail}`,
      );
    }
    await sleep(EVERY_MS);
  }
}

export async function callEndpoint(run: Run): Promise<void> {
  let lastAt = performance.now();
  for (let count = 0; !run.over.aborted; count += 1) {
    const answer = await infer(run, count);
    if (answer !== null) {
      const now = performance.now();
      run.tally.inferences += 1;
      run.tally.maxServingUnavailabilityMs = Math.max(run.tally.maxServingUnavailabilityMs, Math.round(now - lastAt));
      lastAt = now;
      if (answer.join() !== [count, 0, -count].map((value) => value * SCALE).join()) {
        violated(run.tally, 'inferencesWrong', `${count} gave ${answer.join()}`);
      }
    }
    await sleep(EVERY_MS);
  }
}

/** null: no answer, or none now. */
async function infer({ scene }: Run, count: number): Promise<number[] | null> {
  const body = { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [count, 0, -count] }] };
  try {
    const response = await fetch(`${scene.platform.servingUrl}/v2/models/${ENDPOINT}/infer`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) return null;
    return ((await response.json()) as { outputs: { data: number[] }[] }).outputs[0]?.data ?? [];
  } catch {
    return null;
  }
}
