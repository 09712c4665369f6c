// Shows what is being installed and for how long: one line that updates itself on a terminal, plain lines elsewhere.
const terminal = process.stderr.isTTY === true;
const refreshMs = terminal ? 1_000 : 10_000;
const active = new Map();
let timer;

const seconds = (sinceMs) => `${Math.round((Date.now() - sinceMs) / 1_000)} s`;
const clearLine = () => terminal && process.stderr.write('\r\x1b[K');

/** Prints a line without tearing the updating one. */
export function say(line) {
  clearLine();
  process.stderr.write(`${line}\n`);
}

function refresh() {
  const lines = [...active].map(([label, startedMs]) => `${label} (${seconds(startedMs)})`);
  if (!terminal) for (const line of lines) say(`  ... ${line}`);
  else process.stderr.write(`\r\x1b[K${lines.join(' | ').slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

function start(label) {
  active.set(label, Date.now());
  timer ??= setInterval(refresh, refreshMs);
  if (terminal) refresh();
  else say(`  ... ${label}`);
}

function stop(label) {
  active.delete(label);
  if (active.size > 0) return;
  clearInterval(timer);
  timer = undefined;
  clearLine();
}

/** Runs `work` while showing `label`; says how long it took when it succeeds. */
export async function withProgress(label, work) {
  const startedMs = Date.now();
  start(label);
  try {
    const result = await work();
    say(`  ok  ${label} (${seconds(startedMs)})`);
    return result;
  } finally {
    stop(label);
  }
}
