// Whether a reference that people wrote is an id: only those may become part of a subject of the log.
import { type AggregateName, fits, Id, ID_PREFIX } from '@baton/contracts';

export function isIdOf(kind: AggregateName, text: string): boolean {
  return fits(Id, text) && text.startsWith(`${ID_PREFIX[kind]}_`);
}
