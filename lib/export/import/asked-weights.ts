import type { WeightSource } from "../weight-source.ts";

/** What files of other programs hold beside weights, or twice. */
const NO_WEIGHTS = /(rotary_emb\.inv_freq|attn\.bias|attn\.masked_bias)$/;

/** Weights that know what nobody has asked for: a model that leaves some out computes something else. */
export class AskedWeights implements WeightSource {
  readonly #source: WeightSource;
  readonly #names: readonly string[];
  readonly #asked = new Set<string>();

  /** @param names of all that `source` has */
  constructor(source: WeightSource, names: readonly string[]) {
    this.#source = source;
    this.#names = names;
  }

  sizeOf(name: string): { rows: number; cols: number } | undefined {
    this.#asked.add(name);
    return this.#source.sizeOf(name);
  }

  read(name: string, firstRow: number, rows: number): Float32Array {
    return this.#source.read(name, firstRow, rows);
  }

  /** Weights that were not asked for. */
  unasked(): string[] {
    return this.#names.filter((name) => !this.#asked.has(name) && !NO_WEIGHTS.test(name));
  }
}
