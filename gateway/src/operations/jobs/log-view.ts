// How output is shown: as it was written, or as a terminal would have it.
import { Type } from 'typebox';

/** `terminal`: each line in its last state after carriage returns, nothing that acts on a terminal but colours. */
export const LogViewQuery = { view: Type.Optional(Type.Union([Type.Literal('raw'), Type.Literal('terminal')])) };
