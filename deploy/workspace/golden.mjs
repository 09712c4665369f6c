// Freezes golden histories: node deploy/workspace/golden.mjs <histories.ndjson>, after a build. Frozen commits are never written again.
// With --states instead of a file, the states are written anew, for when what a state holds has changed on purpose: read the difference.
//
// Each line of the file is {"aggregate", "type", "v", "commits": [[event, ...], ...]}; an event is {"type", "v", "data"}, and the last
// commit has the event that the history is of.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from './workspaces.mjs';

const FOLDER = join(repositoryRoot, 'libs/event-store/golden');
const BEGAN_AT = Date.UTC(2026, 0, 1);
const SECOND_MS = 1_000;

const DECIDERS = {
  user: ['services/user/dist/domain/user.commands.js', 'userDecider'],
  invite: ['services/user/dist/domain/invite.commands.js', 'inviteDecider'],
  group: ['services/user/dist/domain/group.commands.js', 'groupDecider'],
  token: ['services/user/dist/domain/token.commands.js', 'tokenDecider'],
  secret: ['services/user/dist/domain/secret.commands.js', 'secretDecider'],
  name: ['libs/event-store/dist/name.js', 'nameDecider'],
  dataset: ['services/dataset/dist/domain/dataset.commands.js', 'datasetDecider'],
  model: ['services/model/dist/domain/model.commands.js', 'modelDecider'],
  job: ['services/scheduler/dist/domain/job.commands.js', 'jobDecider'],
  node: ['services/scheduler/dist/domain/node.commands.js', 'nodeDecider'],
  policy: ['services/scheduler/dist/domain/policy.commands.js', 'policyDecider'],
  calendar: ['services/scheduler/dist/domain/calendar.commands.js', 'calendarDecider'],
  retention: ['services/scheduler/dist/domain/retention.commands.js', 'retentionDecider'],
  endpoint: ['services/serving/dist/domain/endpoint.commands.js', 'endpointDecider'],
};

const load = (file) => import(pathToFileURL(join(repositoryRoot, file)).href);
const { foldCommits } = await load('libs/event-store/dist/folded-aggregate.js');
const { goldenPaths, plainState, recordedCommits } = await load('libs/event-store/dist/testing/golden-files.js');
const { ID_PREFIX } = await load('libs/contracts/dist/index.js');

/** The same text for the same words. */
const derived = (...words) => createHash('sha256').update(words.join(' ')).digest('hex');
const idOf = (aggregate, type) => `${ID_PREFIX[aggregate]}_${derived(aggregate, type).slice(0, 26)}`;

/** One commit a line, each with the hash of the line before. */
function linesOf({ aggregate, type, v, commits }) {
  let prevHash = '';
  return commits.map((events, index) => {
    const line = JSON.stringify({
      envelopeV: 1,
      commitId: derived('commit', type, v, index),
      commandId: derived('command', type, v, index),
      requestHash: derived('request', type, v, index),
      actor: 'system:golden',
      credentialId: 'system:golden',
      ...(aggregate === 'job' ? { term: 1 } : {}),
      correlationId: derived('correlation', type, v),
      causationId: derived('correlation', type, v),
      revision: index + 1,
      prevHash,
      at: BEGAN_AT + index * SECOND_MS,
      events,
    });
    prevHash = createHash('sha256').update(line).digest('hex');
    return line;
  });
}

async function stateOf(aggregate, subject, lines) {
  const [file, name] = DECIDERS[aggregate];
  const decider = (await load(file))[name];
  const { state } = foldCommits(decider, recordedCommits({ subject, commits: lines.map((line) => JSON.parse(line)) }));
  return plainState(state);
}

async function textOf(aggregate, subject, lines) {
  const state = await stateOf(aggregate, subject, lines);
  return `{"subject":${JSON.stringify(subject)},"commits":[\n${lines.join(',\n')}\n],"state":${JSON.stringify(state)}}\n`;
}

const sumOf = (path, text) => `${createHash('sha256').update(text).digest('hex')}  ${path}\n`;

async function freeze(history) {
  const { aggregate, type, v } = history;
  const path = `${aggregate}/${type}.v${v}.json`;
  if (existsSync(join(FOLDER, path))) return `${path} is frozen already`;
  const lines = linesOf(history);
  const text = await textOf(aggregate, `evt.${aggregate}.${idOf(aggregate, type)}`, lines);
  mkdirSync(join(FOLDER, aggregate), { recursive: true });
  writeFileSync(join(FOLDER, path), text, { flag: 'wx' });
  appendFileSync(join(FOLDER, 'SHA256SUMS'), sumOf(path, text));
  return `${path} frozen: ${lines.length} commits`;
}

async function freezeStates() {
  const sums = [];
  for (const path of goldenPaths()) {
    const before = readFileSync(join(FOLDER, path), 'utf8');
    const { subject, commits } = JSON.parse(before);
    const lines = commits.map((commit) => JSON.stringify(commit));
    const text = await textOf(path.split('/')[0], subject, lines);
    if (text !== before) console.log(`${path}: another state`);
    writeFileSync(join(FOLDER, path), text);
    sums.push(sumOf(path, text));
  }
  writeFileSync(join(FOLDER, 'SHA256SUMS'), sums.join(''));
}

const [argument] = process.argv.slice(2);
if (argument === undefined) throw new Error('usage: node deploy/workspace/golden.mjs <histories.ndjson> | --states');
if (argument === '--states') await freezeStates();
else for (const line of readFileSync(argument, 'utf8').trim().split('\n')) console.log(await freeze(JSON.parse(line)));
