// Path parameters that many operations share.
import { Ref, strict } from '@baton/contracts';

/** An id or a name. */
export const IdPath = strict({ id: Ref });
