// The path of one member of a group.
import { Id, Ref, strict } from '@baton/contracts';

export const MemberPath = strict({ id: Ref, userId: Id });
