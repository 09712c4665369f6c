// `@Answers(operation)`: binds a controller's method to an operation, with its input checked and its errors typed.
import type { Rpc, RpcReply } from '@baton/contracts';
import { answer, type Call, type RawRequest } from '@baton/messaging';
import { MessagePattern } from '@nestjs/microservices';
import type { Static, TSchema } from 'typebox';
import { reportAnswerError } from './report.ts';

type Handler<Q extends TSchema, R extends TSchema> = (call: Call<Q>) => Promise<Static<R>>;

export function Answers<Q extends TSchema, R extends TSchema>(operation: Rpc<Q, R>) {
  return (target: object, key: string, descriptor: TypedPropertyDescriptor<Handler<Q, R>>): void => {
    const method = descriptor.value;
    if (!method) throw new TypeError(`${key} is not a method`);
    const wrapped = function (this: unknown, raw: RawRequest): Promise<RpcReply> {
      return answer(operation, raw, (call) => method.call(this, call), reportAnswerError);
    };
    // From here on Nest calls the method with the raw request that the transport hands over.
    descriptor.value = wrapped as unknown as Handler<Q, R>;
    MessagePattern(operation.subject)(target, key, descriptor);
  };
}
