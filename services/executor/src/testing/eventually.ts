// Waits for something to become true, with a deadline, instead of sleeping.
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Within ${withinMs} ms it did not happen that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
