// The problem document's schema, for the OpenAPI document.
import { ERROR_CODES, strict } from '@baton/contracts';
import { Type } from 'typebox';

export const ProblemSchema = strict({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'what was wrong and what to do' }),
  code: Type.Enum(Object.keys(ERROR_CODES)),
  requestId: Type.String(),
  errors: Type.Optional(Type.Array(strict({ pointer: Type.String(), detail: Type.String() }))),
});
