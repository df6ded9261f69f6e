import { FlmError } from "../errors.ts";

/** A model that is this many times worse than guessing has not learned: it has come apart. */
const WORST_FACTOR = 2;

/**
 * Refuses to call a stage trained when its last losses say that it is not.
 *
 * @param losses by name; null stands for one that is not finite
 * @param vocab_size of losses in nats per token; null for others, which guessing does not bound
 * @throws FlmError DIVERGED
 */
export function refuseDiverged(
  losses: Readonly<Record<string, number | null>>,
  vocab_size: number | null,
): void {
  const guessing = vocab_size === null ? null : Math.log(vocab_size);
  const most = guessing === null ? Number.MAX_VALUE : WORST_FACTOR * guessing;
  for (const [name, loss] of Object.entries(losses)) {
    if (loss !== null && loss <= most) continue;
    const value = loss !== null && Number.isFinite(loss) ? loss.toPrecision(5) : "no finite number";
    const beside =
      guessing === null ? "" : `; guessing among ${vocab_size} tokens has ${guessing.toFixed(4)}`;
    throw new FlmError("DIVERGED", `the ${name} loss is ${value} in the end${beside}`, {
      hint: "lower optimizer.lr or lengthen warmup_steps, and start over with --fresh (the old directory is kept)",
    });
  }
}
