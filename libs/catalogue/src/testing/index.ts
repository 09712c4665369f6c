// A stage on which the dataset and model services are tested as the gateway and the scheduler see them.
export { answerVision, VISION } from './groups.ts';
export { person } from './people.ts';
export { openStage, type Stage } from './stage.ts';
