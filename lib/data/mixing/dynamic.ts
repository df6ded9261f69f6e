/** Step size of the update, and what it leaves to every source alike: the constants of Sheared LLaMA's released code. */
const STEP_SIZE = 1;
const SMOOTHING = 1e-4;

/**
 * Dynamic batch loading (spec: Sheared LLaMA, arXiv 2310.06694, as its code does it): sources whose loss lies above
 * what it should be get more of the tokens,
 *
 *     u = softmax(ln w + (loss - reference)),   w' = (1 - c) u + c / k,   c = 1e-4, k sources.
 *
 * A source below its reference loses share: the difference is not clamped at 0.
 *
 * @param shares w; sources with 0, which are empty, keep it and do not count
 * @param excess loss - reference of each source, in nats per token; 0 where there is none
 */
export function dynamicShares(shares: readonly number[], excess: readonly number[]): number[] {
  const logits = shares.map((share, i) => Math.log(share) + STEP_SIZE * excess[i]!);
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  const count = shares.filter((share) => share > 0).length;
  const smoothed = powers.map((power, i) =>
    shares[i] === 0 ? 0 : (1 - SMOOTHING) * (power / total) + SMOOTHING / count,
  );
  const sum = smoothed.reduce((a, b) => a + b, 0);
  return smoothed.map((share) => share / sum);
}
