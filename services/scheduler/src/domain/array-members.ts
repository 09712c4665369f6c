// Which jobs of an array are not over.
export class ArrayMembers {
  readonly #members = new Map<string, Set<string>>();

  add(arrayId: string, jobId: string): void {
    const members = this.#members.get(arrayId) ?? new Set();
    this.#members.set(arrayId, members.add(jobId));
  }

  /** Whether it was the last. */
  remove(arrayId: string, jobId: string): boolean {
    const members = this.#members.get(arrayId);
    members?.delete(jobId);
    if (members?.size !== 0) return false;
    return this.#members.delete(arrayId);
  }

  /** In the order of their submission. */
  of(arrayId: string): string[] {
    return [...(this.#members.get(arrayId) ?? [])];
  }
}
