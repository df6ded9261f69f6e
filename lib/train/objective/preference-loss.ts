/** Log-probabilities of the answers of some pairs: that of each chosen one before that of its rejected one. */
export type AnswerLogProbs = ArrayLike<number>;

export interface PreferenceLoss {
  /** Sum over the pairs, of those that were given; NaN where a log-probability is not finite. */
  loss: number;
  /** Sum of beta * z. */
  margin: number;
  /** Pairs of which z is above zero: the model prefers the chosen answer more than the reference does. */
  preferred: number;
  /** d loss / d nats of each row: of the chosen answer, then of the rejected one. */
  row_weights: Float64Array;
}

/**
 * Direct preference optimization: -log sigmoid(beta * z) for every pair, where z is how much more the model prefers the
 * chosen answer than the reference does, in nats (spec: DPO, arXiv 2305.18290). An infinite margin has a loss of zero on
 * one side, but no gradient on either: it counts as a loss that is not finite, which the run's stability settings handle.
 */
export function preferenceLoss(
  policy: AnswerLogProbs,
  reference: AnswerLogProbs,
  beta: number,
): PreferenceLoss {
  const row_weights = new Float64Array(policy.length);
  const sums = { loss: 0, margin: 0, preferred: 0 };
  for (let i = 0; i < policy.length; i += 2) {
    const margin = beta * (policy[i]! - reference[i]! - (policy[i + 1]! - reference[i + 1]!));
    // Neither exponent overflows.
    const e = Math.exp(-Math.abs(margin));
    sums.loss += Number.isFinite(margin) ? Math.log1p(e) + Math.max(0, -margin) : NaN;
    sums.margin += margin;
    if (margin > 0) sums.preferred += 1;
    // beta * sigmoid(-margin): the loss falls as the chosen answer's nats do.
    const weight = (beta * (margin > 0 ? e : 1)) / (1 + e);
    row_weights[i] = weight;
    row_weights[i + 1] = -weight;
  }
  return { ...sums, row_weights };
}
