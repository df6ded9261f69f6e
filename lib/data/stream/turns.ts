import type { Json } from "../../json.ts";
import { toShares } from "../mixing/shares.ts";
import { invalidState, isObject } from "./state.ts";

/** What `Turns.state()` gives: a list entry for each source. */
interface TurnsState {
  /** Shares of the tokens; their sum is 1. */
  shares: number[];
  /** Inputs by which the source lay behind its share when the shares last changed; below 0 is ahead. */
  due: number[];
  /** Inputs taken since then. */
  taken: number[];
}

/**
 * Whose turn it is: the source that lies furthest behind its share of the inputs. What each source is owed is kept when
 * the shares change, and nothing else of what was before: a new mixture holds from the next passage on.
 *
 * Between two changes all follows from whole numbers, so that it does not matter in which portions inputs are taken.
 */
export class Turns {
  readonly #state: TurnsState;

  /** @param weights of the sources, relative, not all 0; a source with weight 0 never has a turn */
  constructor(weights: readonly number[]) {
    const none = () => weights.map(() => 0);
    this.#state = { shares: toShares(weights), due: none(), taken: none() };
  }

  /** @throws FlmError CHECKPOINT_INVALID for what is not the state of so many sources */
  static restore(state: Json | undefined, sources: number): Turns {
    const turns = new Turns(new Array<number>(sources).fill(1));
    for (const field of ["shares", "due", "taken"] as const) {
      const values = isObject(state) ? state[field] : undefined;
      if (!Array.isArray(values) || values.length !== sources || !values.every(Number.isFinite))
        throw invalidState(
          `${field} of its mixture is ${JSON.stringify(values)}, not ${sources} numbers`,
        );
      turns.#state[field] = values as number[];
    }
    if (!turns.shares.some((share) => share > 0))
      throw invalidState("its mixture gives no source a share");
    return turns;
  }

  get shares(): readonly number[] {
    return this.#state.shares;
  }

  /** Index of the source whose turn it is. */
  next(): number {
    const total = this.#total();
    let best = -1;
    let largest = -Infinity;
    for (const [i, share] of this.#state.shares.entries()) {
      const behind = this.#behind(i, total);
      if (share === 0 || behind <= largest) continue;
      largest = behind;
      best = i;
    }
    return best;
  }

  take(source: number, inputs: number): void {
    this.#state.taken[source]! += inputs;
  }

  /** Other weights from now on; the same ones change nothing. */
  change(weights: readonly number[]): void {
    const shares = toShares(weights);
    if (shares.every((share, i) => share === this.#state.shares[i])) return;
    const total = this.#total();
    this.#state.due = shares.map((_, i) => this.#behind(i, total));
    this.#state.taken = shares.map(() => 0);
    this.#state.shares = shares;
  }

  state(): Json {
    const { shares, due, taken } = this.#state;
    return { shares: [...shares], due: [...due], taken: [...taken] };
  }

  #behind(source: number, total: number): number {
    const { shares, due, taken } = this.#state;
    return due[source]! + shares[source]! * total - taken[source]!;
  }

  #total(): number {
    return this.#state.taken.reduce((sum, inputs) => sum + inputs, 0);
  }
}
