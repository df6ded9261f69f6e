/** Numbers in [0, 1) that follow from the seed alone: a linear congruential generator, high bits first. */
export function randomFrom(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}

/** `count` whole numbers from `low` to `high`, both included. */
export function integers(seed: number, count: number, low: number, high: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => low + Math.floor(random() * (high - low + 1)));
}
