// `baton model ...`.
import { noun } from '../../verb.ts';
import { models } from '../catalogue/catalogue.ts';
import { downloadThing } from '../catalogue/download.ts';
import { listThings } from '../catalogue/list.ts';
import { showThing } from '../catalogue/show.ts';
import { pushModel } from './push.ts';

export const model = () =>
  noun('model', 'code, weights, or both: named, in versions that never change', [
    pushModel(),
    listThings(models),
    showThing(models),
    downloadThing(models),
  ]);
