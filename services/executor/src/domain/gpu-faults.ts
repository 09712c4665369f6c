// Why a card must not be given to jobs, from what `nvidia-smi -q -x` says of it.
import { allWithin, elementAt, textAt, type XmlElement } from './xml.ts';

/** Null if it is well. A short text that stays the same while the fault does. */
export function faultOf(gpu: XmlElement): string | null {
  for (const check of CHECKS) {
    const fault = check(gpu);
    if (fault !== null) return fault;
  }
  return null;
}

type Check = (gpu: XmlElement) => string | null;

/** What is meant for the card as a whole; a `Unknown Error` in a sensor's place is no reason. */
const VITAL = ['product_name', 'uuid', 'fb_memory_usage/total', 'fb_memory_usage/used', 'utilization/gpu_util'];
/** What a driver writes in the place of a value that it could not get, and only then. */
const DEAD = /^(ERR!|GPU is lost\.?|GPU requires reset)$/i;

const fallenOff: Check = (gpu) => {
  for (const { name, text } of allWithin(gpu)) if (DEAD.test(text)) return `the driver reports "${text}" for ${name}`;
  const vital = VITAL.find((path) => /unknown error/i.test(textAt(gpu, path)));
  return vital === undefined ? null : `the driver reports "${textAt(gpu, vital)}" for ${vital}`;
};

const needsRecovery: Check = (gpu) => {
  const action = textAt(gpu, 'gpu_recovery_action');
  if (!['', 'None', 'N/A'].includes(action)) return `the driver asks for: ${action}`;
  return textAt(gpu, 'gpu_reset_status/reset_required') === 'Yes' ? 'the driver asks for a reset' : null;
};

/** Since the driver was loaded. Uncorrectable ones come as `..._uncorrectable...`, on older cards under `double_bit`. */
const uncorrectable: Check = (gpu) => {
  const volatile = elementAt(gpu, 'ecc_errors/volatile');
  if (!volatile) return null;
  const oldForm = elementAt(volatile, 'double_bit/total');
  const counters = oldForm ? [oldForm] : volatile.children.filter(({ name }) => name.includes('_uncorrectable'));
  const count = counters.reduce((sum, { text }) => sum + (/^\d+$/.test(text) ? Number(text) : 0), 0);
  return count > 0
    ? `${count} uncorrectable ECC ${count === 1 ? 'error' : 'errors'} since the driver was loaded`
    : null;
};

const memoryRepair: Check = (gpu) => {
  if (textAt(gpu, 'remapped_rows/remapped_row_failure') === 'Yes') return 'a row of its memory could not be remapped';
  if (textAt(gpu, 'remapped_rows/remapped_row_pending') === 'Yes') return 'a row remap waits for a reset of the card';
  const pending = ['retired_pages/pending_retirement', 'retired_pages/pending_blacklist'];
  if (pending.some((path) => textAt(gpu, path) === 'Yes')) return 'a page retirement waits for a reset of the card';
  return textAt(gpu, 'ecc_errors/unrepairable_memory') === 'Yes' ? 'its memory can not be repaired' : null;
};

const prohibited: Check = (gpu) =>
  textAt(gpu, 'compute_mode') === 'Prohibited' ? 'its compute mode is Prohibited' : null;

const CHECKS: readonly Check[] = [fallenOff, needsRecovery, uncorrectable, memoryRepair, prohibited];
