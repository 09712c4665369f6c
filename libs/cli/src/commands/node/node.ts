// `baton node ...`.
import { noun } from '../../verb.ts';
import { listNodes } from './list.ts';

export const node = () => noun('node', 'the servers that jobs run on', [listNodes()]);
