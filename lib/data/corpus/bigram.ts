import { PairCounts } from "./pair-counts.ts";

type Tokens = Uint16Array | Uint32Array;

/** Share of the counted tokens that the weights are fitted on, and not counted. */
const TAIL = 0.05;
const MAX_TAIL_TOKENS = 100_000;
const MAX_ITERATIONS = 100;
const TOLERANCE = 1e-7;

/**
 * An interpolated bigram model (Jelinek and Mercer 1980): p(b|a) = w2 · count(a,b)/count(a) + w1 · count(b)/N + w0/V.
 * The weights are fitted by expectation maximisation on the last tokens, which the counts leave out. A context that
 * was never seen has no bigram estimate, so the other two share its weight in proportion.
 */
export class BigramModel {
  readonly #counts: PairCounts;
  /** w2, w1, w0. */
  #weights: Estimates = [1 / 3, 1 / 3, 1 / 3];

  /** @param tokens documents that end with `eos_id` each; no pair is counted across that end */
  constructor(tokens: Tokens, eos_id: number, vocab_size: number) {
    const tail = Math.min(MAX_TAIL_TOKENS, Math.ceil(TAIL * tokens.length));
    const counted = tokens.subarray(0, tokens.length - tail);
    this.#counts = new PairCounts(counted, eos_id, vocab_size);
    this.#fit(tokens.subarray(tokens.length - tail), eos_id);
  }

  /** Sum over the targets of these documents of -log p, in nats, and how many targets there are. */
  score(tokens: Tokens, eos_id: number): { loss_sum: number; targets: number } {
    let loss_sum = 0;
    let targets = 0;
    forEachPair(tokens, eos_id, (left, right) => {
      const estimates = this.#estimates(left, right);
      loss_sum -= Math.log(dot(estimates, this.#weights) / this.#weightOfSeen(left));
      targets++;
    });
    return { loss_sum, targets };
  }

  #estimates(left: number, right: number): Estimates {
    const { total, vocab_size } = this.#counts;
    const seen = this.#counts.left(left);
    return [
      seen > 0 ? this.#counts.pair(left, right) / seen : 0,
      total > 0 ? this.#counts.right(right) / total : 0,
      1 / vocab_size,
    ];
  }

  /** Sum of the weights whose estimates exist for this context. */
  #weightOfSeen(left: number): number {
    const [w2, w1, w0] = this.#weights;
    const { total } = this.#counts;
    return (this.#counts.left(left) > 0 ? w2 : 0) + (total > 0 ? w1 : 0) + w0;
  }

  #fit(tail: Tokens, eos_id: number): void {
    const samples: Estimates[] = [];
    forEachPair(tail, eos_id, (left, right) => {
      // A context that was never seen says nothing about the weight of the bigrams.
      if (this.#counts.left(left) > 0) samples.push(this.#estimates(left, right));
    });
    if (samples.length === 0) return;
    for (let i = 0; i < MAX_ITERATIONS; i++) {
      const next = maximise(samples, this.#weights);
      const change = Math.max(...next.map((weight, k) => Math.abs(weight - this.#weights[k]!)));
      this.#weights = next;
      if (change < TOLERANCE) break;
    }
  }
}

/** The bigram, unigram and uniform probability of one target. */
type Estimates = readonly [number, number, number];

/** One step of expectation maximisation: each weight becomes its mean share of the probability. */
function maximise(samples: readonly Estimates[], weights: Estimates): Estimates {
  const shares: [number, number, number] = [0, 0, 0];
  for (const estimates of samples) {
    const probability = dot(estimates, weights);
    for (const k of [0, 1, 2] as const)
      shares[k] += (estimates[k] * weights[k]) / probability / samples.length;
  }
  return shares;
}

function dot(a: Estimates, b: Estimates): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function forEachPair(
  tokens: Tokens,
  eos_id: number,
  visit: (left: number, right: number) => void,
): void {
  for (let i = 1; i < tokens.length; i++)
    if (tokens[i - 1] !== eos_id) visit(tokens[i - 1]!, tokens[i]!);
}
