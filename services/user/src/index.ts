// The user service, for whoever composes services.
export { userService } from './definition.ts';
