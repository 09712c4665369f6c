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
import { createEndpoint } from './endpoints/create-endpoint.ts';
import { deleteEndpoint } from './endpoints/delete-endpoint.ts';
import { getEndpoint } from './endpoints/get-endpoint.ts';
import { listEndpoints } from './endpoints/list-endpoints.ts';
import { updateEndpoint } from './endpoints/update-endpoint.ts';
import { addGroupMember } from './groups/add-member.ts';
import { createGroup } from './groups/create-group.ts';
import { getGroup } from './groups/get-group.ts';
import { listGroups } from './groups/list-groups.ts';
import { removeGroupMember } from './groups/remove-member.ts';
import { createInvite } from './invites/create-invite.ts';
import { cancelJob } from './jobs/cancel-job.ts';
import { getJobArtifactArchive } from './jobs/get-job-artifact-archive.ts';
import { getJobArtifact } from './jobs/get-job-artifact.ts';
import { getJobLogs } from './jobs/get-job-logs.ts';
import { getJobMetrics } from './jobs/get-job-metrics.ts';
import { getJob } from './jobs/get-job.ts';
import { listJobArtifacts } from './jobs/list-job-artifacts.ts';
import { listJobEvents } from './jobs/list-job-events.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { rerunJob } from './jobs/rerun-job.ts';
import { streamJobEvents } from './jobs/stream-job-events.ts';
import { streamJobLogs } from './jobs/stream-job-logs.ts';
import { streamJobMetrics } from './jobs/stream-job-metrics.ts';
import { submitJob } from './jobs/submit-job.ts';
import { getNode } from './nodes/get-node.ts';
import { listNodes } from './nodes/list-nodes.ts';
import type { Operation } from './operation.ts';
import { about } from './platform/about.ts';
import { docs } from './platform/docs.ts';
import { home } from './platform/home.ts';
import { livez } from './platform/livez.ts';
import { metrics } from './platform/metrics.ts';
import { openapi } from './platform/openapi.ts';
import { readyz } from './platform/readyz.ts';
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
  createInvite,
  createToken,
  listTokens,
  revokeToken,
};
const groups = { createGroup, listGroups, getGroup, addGroupMember, removeGroupMember };
const secrets = { setSecret, listSecrets, deleteSecret };
const jobs = { submitJob, listJobs, getJob, cancelJob, rerunJob, listJobEvents, streamJobEvents };
const output = {
  getJobLogs,
  streamJobLogs,
  getJobMetrics,
  streamJobMetrics,
  listJobArtifacts,
  getJobArtifact,
  getJobArtifactArchive,
};
const nodes = { listNodes, getNode };
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
