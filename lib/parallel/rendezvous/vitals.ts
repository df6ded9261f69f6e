export interface VitalsOptions {
  /** A rank that has said nothing for so long is lost. */
  silence_ms: number;
  /** A rank that lives but has reported nothing for so long hangs. */
  watchdog_ms: number;
}

interface Progress {
  step: number;
  reports: number;
  since: number;
}

export interface Standstill {
  ranks: number[];
  /** The step at which they stand, and the highest of any rank. */
  step: number;
  furthest: number;
}

/** Who lives and who gets on. Every time is the caller's, from a monotonic clock. */
export class Vitals {
  readonly #options: VitalsOptions;
  readonly #progress = new Map<number, Progress>();
  #forgivenUntil = 0;

  constructor(options: VitalsOptions) {
    this.#options = options;
  }

  /**
   * Any report counts as progress, not only a higher step: validation and saving take long too. Before a rank's first
   * report it may take as long as it likes: tokens are made, kernels are loaded.
   */
  report(rank: number, step: number, reports: number, now: number): void {
    if (this.#progress.get(rank)?.reports === reports || reports === 0) return;
    this.#progress.set(rank, { step, reports, since: now });
  }

  forget(rank: number): void {
    this.#progress.delete(rank);
  }

  /** After a time in which this process itself stood still: nobody's silence before `now` counts. */
  forgive(now: number): void {
    this.#forgivenUntil = now;
    for (const progress of this.#progress.values()) progress.since = now;
  }

  isSilent(heardAt: number, now: number): boolean {
    return now - Math.max(heardAt, this.#forgivenUntil) > this.#options.silence_ms;
  }

  /** Of the ranks that hang, those that are furthest behind: the others may be waiting for them. */
  stuck(now: number): Standstill | null {
    const all = [...this.#progress].map(([rank, { step, since }]) => ({ rank, step, since }));
    const hanging = all.filter(({ since }) => now - since > this.#options.watchdog_ms);
    if (hanging.length === 0) return null;
    const step = Math.min(...hanging.map((rank) => rank.step));
    const ranks = hanging.filter((rank) => rank.step === step).map(({ rank }) => rank);
    return {
      ranks: ranks.toSorted((a, b) => a - b),
      step,
      furthest: Math.max(...all.map((rank) => rank.step)),
    };
  }
}
