// `baton node ...`.
import { noun } from '../../verb.ts';
import { addNode } from './add.ts';
import { cordonNode, uncordonNode } from './cordon.ts';
import { drainNode } from './drain.ts';
import { listNodes } from './list.ts';
import { removeNode } from './remove.ts';
import { shareNode } from './share.ts';
import { showNode } from './show.ts';

export const node = () =>
  noun('node', 'the servers that jobs run on', [
    listNodes(),
    showNode(),
    addNode(),
    cordonNode(),
    uncordonNode(),
    shareNode(),
    drainNode(),
    removeNode(),
  ]);
