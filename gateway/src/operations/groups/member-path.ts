// The path of one member of a group.
import { Ref, strict, UserRef } from '@baton/contracts';

export const MemberPath = strict({ id: Ref, userId: UserRef });
