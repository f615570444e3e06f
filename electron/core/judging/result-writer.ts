/**
 * Groups results into transactions: what arrives while one is being written goes into the next. `add` resolves when
 * its result is on disk, so a caller with n results in flight never has more than n unsaved.
 */
export class ResultWriter<T> {
  private waiting: T[] = [];
  private writing: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(private readonly write: (results: readonly T[]) => Promise<void>) {}

  async add(result: T): Promise<void> {
    this.waiting.push(result);
    this.next ??= this.writeNext();
    return this.next;
  }

  /** Resolves when nothing waits; what failed to be written has rejected its `add`. */
  async flush(): Promise<void> {
    await this.next?.catch(() => undefined);
    await this.writing?.catch(() => undefined);
  }

  private async writeNext(): Promise<void> {
    await this.writing?.catch(() => undefined);
    const results = this.waiting;
    this.waiting = [];
    this.next = undefined;
    this.writing = this.write(results);
    await this.writing;
  }
}
