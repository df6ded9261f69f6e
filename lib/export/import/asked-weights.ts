import { FlmError } from "../../errors.ts";
import type { WeightSource } from "../weight-source.ts";

/** What files of other programs hold beside weights, or twice. */
const NO_WEIGHTS = /(rotary_emb\.inv_freq|attn\.bias|attn\.masked_bias)$/;

/**
 * Weights to be imported. They know what nobody has asked for, since a model that leaves some out computes something else,
 * and give no values that a model cannot have.
 */
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

  /** @throws FlmError CHECKPOINT_INVALID for NaN and infinities */
  read(name: string, firstRow: number, rows: number): Float32Array {
    const values = this.#source.read(name, firstRow, rows);
    for (let i = 0; i < values.length; i++)
      if (!Number.isFinite(values[i]!)) {
        const cols = values.length / rows;
        throw new FlmError(
          "CHECKPOINT_INVALID",
          `${name} has ${values[i]} in row ${firstRow + Math.floor(i / cols)}, column ${i % cols}`,
          { hint: "the files are damaged, or the training that made them diverged" },
        );
      }
    return values;
  }

  /** Weights that were not asked for. */
  unasked(): string[] {
    return this.#names.filter((name) => !this.#asked.has(name) && !NO_WEIGHTS.test(name));
  }
}
