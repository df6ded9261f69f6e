/** A checkpoint that is written while training goes on. */
export class PendingSave {
  #done: Promise<void> = Promise.resolve();
  #failure: { reason: unknown } | null = null;

  /** The one before has been settled. */
  begin(done: Promise<void>): void {
    this.#done = done.catch((reason: unknown) => {
      this.#failure = { reason };
    });
  }

  /** @throws what the save has failed with, if it has already */
  check(): void {
    if (this.#failure) throw this.#failure.reason;
  }

  /** Until it has been written, or has failed. */
  async ended(): Promise<void> {
    await this.#done;
  }

  /** The same. @throws what it has failed with */
  async settle(): Promise<void> {
    await this.#done;
    this.check();
  }
}
