import { uniform } from "../random.ts";

/**
 * As many documents as fit into a limit, each equally likely to be in, without knowing how many there will be: every
 * document draws a number, and those below a threshold stay, which halves whenever the limit is passed. In the order of
 * their numbers they are a shuffle as well.
 */
export class DocumentSample {
  readonly #limit: number;
  readonly #draw: () => number;
  #kept: { drawn: number; text: Uint8Array }[] = [];
  #bytes = 0;
  #threshold = 1;

  constructor(limitBytes: number, seed: number) {
    this.#limit = limitBytes;
    this.#draw = uniform(seed);
  }

  add(text: Uint8Array): void {
    const drawn = this.#draw();
    if (drawn >= this.#threshold) return;
    this.#kept.push({ drawn, text });
    this.#bytes += text.length;
    while (this.#bytes > this.#limit && this.#kept.length > 1) this.#halve();
  }

  /** Shuffled. */
  documents(): Uint8Array[] {
    return [...this.#kept].sort((a, b) => a.drawn - b.drawn).map(({ text }) => text);
  }

  #halve(): void {
    this.#threshold /= 2;
    const below = this.#kept.filter(({ drawn }) => drawn < this.#threshold);
    // The smallest number stays in any case, so that a sample is never empty.
    const first = this.#kept.reduce((least, kept) => (kept.drawn < least.drawn ? kept : least));
    this.#kept = below.length > 0 ? below : [first];
    this.#bytes = this.#kept.reduce((sum, { text }) => sum + text.length, 0);
  }
}
