// The rules of every kind of aggregate, of all services: what verification folds with.
import { reducers as dataset } from '@baton/dataset/reducers';
import { nameDecider } from '@baton/event-store';
import type { Reducers } from '@baton/log-archive';
import { reducers as model } from '@baton/model/reducers';
import { reducers as scheduler } from '@baton/scheduler/reducers';
import { reducers as serving } from '@baton/serving/reducers';
import { reducers as user } from '@baton/user/reducers';

export const allReducers: Required<Reducers> = {
  name: nameDecider,
  ...user,
  ...dataset,
  ...model,
  ...scheduler,
  ...serving,
};
