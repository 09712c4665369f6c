// `baton dataset ...`.
import { noun } from '../../verb.ts';
import { datasets } from '../catalogue/catalogue.ts';
import { downloadThing } from '../catalogue/download.ts';
import { listThings } from '../catalogue/list.ts';
import { showThing } from '../catalogue/show.ts';
import { uploadDataset } from './upload.ts';

export const dataset = () =>
  noun('dataset', 'what jobs learn from: named, in versions that never change', [
    uploadDataset(),
    listThings(datasets),
    showThing(datasets),
    downloadThing(datasets),
  ]);
