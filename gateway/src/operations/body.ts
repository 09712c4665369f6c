// REST bodies from the services' requests: what the path already names is left out.
import { strict } from '@baton/contracts';
import type { TObject, TProperties } from 'typebox';

export function without<P extends TProperties, K extends keyof P & string>(
  schema: TObject<P>,
  ...names: readonly K[]
): TObject<Omit<P, K>> {
  const rest = Object.fromEntries(Object.entries(schema.properties).filter(([name]) => !names.includes(name as K)));
  return strict(rest) as unknown as TObject<Omit<P, K>>;
}
