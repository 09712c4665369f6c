// `baton group ...`.
import { noun } from '../../verb.ts';
import { addMember } from './add.ts';
import { createGroup } from './create.ts';
import { listGroups } from './list.ts';
import { removeMember } from './remove.ts';
import { showGroup } from './show.ts';

export const group = () =>
  noun('group', 'people who share datasets, models, jobs and endpoints', [
    createGroup(),
    listGroups(),
    showGroup(),
    addMember(),
    removeMember(),
  ]);
