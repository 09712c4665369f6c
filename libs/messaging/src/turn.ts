// The end of the present turn of the event loop, shared: what is sent there by many callers leaves in one write.
let ending: Promise<void> | null = null;

/** Resolves once the input that is ready has been handled. Costs an idle process nothing, saves a busy one most of its writes. */
export function endOfTurn(): Promise<void> {
  ending ??= new Promise((resolve) => {
    setImmediate(() => {
      ending = null;
      resolve();
    });
  });
  return ending;
}
