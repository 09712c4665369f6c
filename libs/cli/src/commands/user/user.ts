// `baton user ...`.
import { noun } from '../../verb.ts';
import { eraseUser } from './erase.ts';
import { inviteUser } from './invite.ts';
import { listUsers } from './list.ts';

export const user = () => noun('user', 'people with an account', [listUsers(), inviteUser(), eraseUser()]);
