// Guards that can be taken away on purpose, at the edges: a simulation that does not notice proves nothing.
export const BREAKAGES = {
  'log-expectation': 'the log takes a commit whatever position it expects the stream to end at',
  'log-previous': 'the log does not look at which commit the one before in the pipeline was',
  'log-fsync': 'the log acknowledges commits that are not on its disk yet',
  'journal-fsync': "the agent's journal says that entries are on disk which are not",
  'journal-dropped': 'an agent that is started again finds an empty journal',
  'set-revision': 'agents take desired sets of any revision',
  'set-installation': 'agents take desired sets of any installation',
  'granted-file': 'nobody writes down that a waiting process was let go',
  'early-release': 'the end of an attempt is told while a process of it is still there',
  'lease-guard': 'nothing beside an attempt ends it when the lease of its node is over',
  'lease-margin': 'a job is started elsewhere as soon as its node is not heard, whatever was promised to that',
  lease: 'everybody may take the lease at any time',
} as const;

export type Breakage = keyof typeof BREAKAGES;
