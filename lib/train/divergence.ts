import { FlmError } from "../errors.ts";

/** A model that is this many times worse than guessing has not learned: it has come apart. */
const WORST_FACTOR = 2;

/**
 * Refuses to call a stage trained when its last losses say that it is not.
 *
 * @param losses by name, in nats per token; null stands for one that is not finite
 * @throws FlmError DIVERGED
 */
export function refuseDiverged(
  losses: Readonly<Record<string, number | null>>,
  vocab_size: number,
): void {
  const guessing = Math.log(vocab_size);
  for (const [name, loss] of Object.entries(losses)) {
    if (loss !== null && loss <= WORST_FACTOR * guessing) continue;
    const value = loss !== null && Number.isFinite(loss) ? loss.toPrecision(5) : "no finite number";
    throw new FlmError(
      "DIVERGED",
      `the ${name} loss is ${value} in the end; guessing among ${vocab_size} tokens has ${guessing.toFixed(4)}`,
      {
        hint: "lower optimizer.lr or lengthen warmup_steps, and start over with --fresh (the old directory is kept)",
      },
    );
  }
}
