// What may be done about a job's leavings: removed once, and called deleted once they were removed.
import type { RemovalReason, RetainedContent, RetentionEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { evolveRetention, initialRetention, type RetentionState } from './retention.ts';

export interface RemoveContent {
  readonly type: 'Remove';
  readonly jobId: string;
  readonly what: RetainedContent;
  readonly reason: RemovalReason;
  readonly sizeBytes: number;
  readonly at: number;
}
export interface NoteDeleted {
  readonly type: 'NoteDeleted';
  readonly what: RetainedContent;
  readonly at: number;
}
export type RetentionCommand = RemoveContent | NoteDeleted;

export const retentionDecider: Decider<RetentionCommand, RetentionState, RetentionEvent> = {
  initialState: initialRetention,
  evolve: evolveRetention,
  decide(command, state) {
    const { status } = state[command.what];
    switch (command.type) {
      case 'Remove': {
        const { type: _type, ...data } = command;
        return status === 'kept' ? [{ type: 'ContentRemoved', v: 1, data }] : [];
      }
      case 'NoteDeleted':
        if (status === 'kept') throw new PlatformError('conflict', 'It has not been removed.');
        return status === 'deleted'
          ? []
          : [{ type: 'ContentDeleted', v: 1, data: { what: command.what, at: command.at } }];
      default:
        return command satisfies never;
    }
  },
};
