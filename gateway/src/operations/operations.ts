// Every REST operation, by its OpenAPI operationId.
import { addVersion } from './catalogue/add-version.ts';
import { type Catalogue, datasets, models } from './catalogue/catalogue.ts';
import { createThing } from './catalogue/create-thing.ts';
import { deleteThing } from './catalogue/delete-thing.ts';
import { getArchive } from './catalogue/get-archive.ts';
import { getFile } from './catalogue/get-file.ts';
import { getManifest } from './catalogue/get-manifest.ts';
import { getThing } from './catalogue/get-thing.ts';
import { listThings } from './catalogue/list-things.ts';
import { updateThing } from './catalogue/update-thing.ts';
import { addBlob } from './blobs/add-blob.ts';
import { getBlob } from './blobs/get-blob.ts';
import { putBlob } from './blobs/put-blob.ts';
import { createEndpoint } from './endpoints/create-endpoint.ts';
import { deleteEndpoint } from './endpoints/delete-endpoint.ts';
import { getEndpoint } from './endpoints/get-endpoint.ts';
import { listEndpoints } from './endpoints/list-endpoints.ts';
import { updateEndpoint } from './endpoints/update-endpoint.ts';
import { getStats } from './forecast/get-stats.ts';
import { simulate } from './forecast/simulate.ts';
import { getGaps } from './gaps/get-gaps.ts';
import { addGroupMember } from './groups/add-member.ts';
import { createGroup } from './groups/create-group.ts';
import { getGroup } from './groups/get-group.ts';
import { listGroups } from './groups/list-groups.ts';
import { removeGroupMember } from './groups/remove-member.ts';
import { createInvite } from './invites/create-invite.ts';
import { cancelJob } from './jobs/cancel-job.ts';
import { holdJob } from './jobs/hold-job.ts';
import { getJobArchive } from './jobs/get-job-archive.ts';
import { getJobFile } from './jobs/get-job-file.ts';
import { getJobLogs } from './jobs/get-job-logs.ts';
import { getRawJobLog } from './jobs/get-raw-job-log.ts';
import { getJobMetrics } from './jobs/get-job-metrics.ts';
import { getJob } from './jobs/get-job.ts';
import { artifacts, checkpoints } from './jobs/job-files.ts';
import { listJobEvents } from './jobs/list-job-events.ts';
import { listJobFiles } from './jobs/list-job-files.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { postJobMetrics } from './jobs/post-job-metrics.ts';
import { releaseJob } from './jobs/release-job.ts';
import { rerunJob } from './jobs/rerun-job.ts';
import { searchJobLogs } from './jobs/search-job-logs.ts';
import { streamJobEvents } from './jobs/stream-job-events.ts';
import { streamJobLogs, streamJobMetrics } from './jobs/stream-job-output.ts';
import { submitJob } from './jobs/submit-job.ts';
import { addNode } from './nodes/add-node.ts';
import { cordonNode } from './nodes/cordon-node.ts';
import { drainNode } from './nodes/drain-node.ts';
import { getNode } from './nodes/get-node.ts';
import { joinNode } from './nodes/join-node.ts';
import { listNodes } from './nodes/list-nodes.ts';
import { removeNode } from './nodes/remove-node.ts';
import { shareNode } from './nodes/share-node.ts';
import { uncordonNode } from './nodes/uncordon-node.ts';
import type { Operation } from './operation.ts';
import { about } from './platform/about.ts';
import { docs } from './platform/docs.ts';
import { home } from './platform/home.ts';
import { livez } from './platform/livez.ts';
import { metrics } from './platform/metrics.ts';
import { openapi } from './platform/openapi.ts';
import { readyz } from './platform/readyz.ts';
import { applyPolicy } from './policy/apply-policy.ts';
import { checkPolicy } from './policy/check-policy.ts';
import { getPolicy } from './policy/get-policy.ts';
import { listPolicyVersions } from './policy/list-policy-versions.ts';
import { getJobOvertakers } from './queue/get-job-overtakers.ts';
import { getJobWhy } from './queue/get-job-why.ts';
import { getQueue } from './queue/get-queue.ts';
import { cancelReservation } from './reservations/cancel-reservation.ts';
import { createReservation } from './reservations/create-reservation.ts';
import { getReservation } from './reservations/get-reservation.ts';
import { listReservations } from './reservations/list-reservations.ts';
import { sweepRetention } from './retention/sweep-retention.ts';
import { deleteSecret } from './secrets/delete-secret.ts';
import { listSecrets } from './secrets/list-secrets.ts';
import { setSecret } from './secrets/set-secret.ts';
import { logIn } from './sessions/log-in.ts';
import { logOut } from './sessions/log-out.ts';
import { createToken } from './tokens/create-token.ts';
import { listTokens } from './tokens/list-tokens.ts';
import { revokeToken } from './tokens/revoke-token.ts';
import { getUpload } from './uploads/get-upload.ts';
import { disableUser } from './users/disable-user.ts';
import { eraseUser } from './users/erase-user.ts';
import { getUser } from './users/get-user.ts';
import { listUsers } from './users/list-users.ts';
import { signUp } from './users/sign-up.ts';

const accounts = {
  signUp,
  logIn,
  logOut,
  listUsers,
  getUser,
  disableUser,
  eraseUser,
  createInvite,
  createToken,
  listTokens,
  revokeToken,
};
const groups = { createGroup, listGroups, getGroup, addGroupMember, removeGroupMember };
const secrets = { setSecret, listSecrets, deleteSecret };
const jobs = {
  submitJob,
  listJobs,
  getJob,
  cancelJob,
  holdJob,
  releaseJob,
  rerunJob,
  listJobEvents,
  streamJobEvents,
};
const output = {
  getJobLogs,
  getRawJobLog,
  searchJobLogs,
  streamJobLogs,
  getJobMetrics,
  postJobMetrics,
  streamJobMetrics,
  listJobArtifacts: listJobFiles(artifacts),
  getJobArtifact: getJobFile(artifacts),
  getJobArtifactArchive: getJobArchive(artifacts),
  listJobCheckpoints: listJobFiles(checkpoints),
  getJobCheckpoint: getJobFile(checkpoints),
  getJobCheckpointArchive: getJobArchive(checkpoints),
};
const nodes = {
  listNodes,
  getNode,
  addNode,
  joinNode,
  cordonNode,
  uncordonNode,
  shareNode,
  drainNode,
  removeNode,
};
const queue = { getQueue, getJobWhy, getJobOvertakers, getStats, simulate };
const policy = { getPolicy, applyPolicy, listPolicyVersions, checkPolicy };
const retention = { sweepRetention };
const reservations = { createReservation, listReservations, getReservation, cancelReservation };
const blobs = { getBlob, putBlob, addBlob };
const endpoints = { createEndpoint, listEndpoints, getEndpoint, updateEndpoint, deleteEndpoint };
const platform = { about, home, docs, openapi, livez, readyz, metrics };

export const operations: Readonly<Record<string, Operation>> = {
  ...accounts,
  ...groups,
  ...secrets,
  ...catalogueOperations(datasets, 'Dataset'),
  ...catalogueOperations(models, 'Model'),
  getUpload,
  ...jobs,
  ...output,
  ...nodes,
  getGaps,
  ...queue,
  ...policy,
  ...retention,
  ...reservations,
  ...blobs,
  ...endpoints,
  ...platform,
};

function catalogueOperations(catalogue: Catalogue, name: string): Record<string, Operation> {
  return {
    [`create${name}`]: createThing(catalogue),
    [`list${name}s`]: listThings(catalogue),
    [`get${name}`]: getThing(catalogue),
    [`update${name}`]: updateThing(catalogue),
    [`delete${name}`]: deleteThing(catalogue),
    [`add${name}Version`]: addVersion(catalogue),
    [`get${name}Manifest`]: getManifest(catalogue),
    [`get${name}File`]: getFile(catalogue),
    [`get${name}Archive`]: getArchive(catalogue),
  };
}
