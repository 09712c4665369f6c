// Aborts the running installers when the task itself is asked to stop.
import { constants } from 'node:os';

const controller = new AbortController();

export const interruption = controller.signal;
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
export const exitCodeOf = (signal) => 128 + constants.signals[signal];

for (const signal of stopSignals) process.on(signal, () => controller.abort(signal));
