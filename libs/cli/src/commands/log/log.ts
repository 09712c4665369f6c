// `baton log ...`.
import { noun } from '../../verb.ts';
import { exportLog } from './export.ts';
import { importLog } from './import.ts';
import { verifyLog } from './verify.ts';

export const log = () => noun('log', 'the event log of this server', [verifyLog(), exportLog(), importLog()]);
