// What is made of the log by reading it, for whoever measures that: the leader's ledger, read models, verification.
export { jobReadModels, LedgerHistory } from '@baton/scheduler';
export { allReducers } from '../admin/reducers.ts';
export { type PrivateServer, startPrivateServer } from '../admin/private-server.ts';
