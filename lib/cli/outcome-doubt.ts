import type { RunEvent, StartInfo, TrainResult } from "../train/events.ts";

export type Validation = Extract<RunEvent, { type: "validation" }>;

/** Share by which the last validation has to lie above the best to have risen. */
const RISE = 0.02;
/** Text that is read this often can be learnt by heart. */
const REPEATED = 1.5;

/**
 * Why a run that has ended well may not have gone well, with the remedy; null where nothing hints at it.
 *
 * @param validations those of this process, in bits per byte since a vocabulary may have grown between them
 */
export function outcomeDoubt(
  { train_tokens }: Pick<StartInfo, "train_tokens">,
  validations: readonly Pick<Validation, "step" | "bits_per_byte">[],
  { status, tokens, validation_loss, bigram_loss }: TrainResult,
): string | null {
  if (status !== "done" || validation_loss === null) return null;
  const epochs = tokens / train_tokens;
  const read = `the text was read ${epochs.toFixed(1)} times; more text or fewer tokens would help`;
  const best = validations.reduce<(typeof validations)[number] | undefined>(
    (low, each) => (low && low.bits_per_byte <= each.bits_per_byte ? low : each),
    undefined,
  );
  const last = validations.at(-1);
  if (epochs > REPEATED && last && last.bits_per_byte > best!.bits_per_byte * (1 + RISE))
    return `validation was best at step ${best!.step} and has risen since: ${read}`;
  if (bigram_loss === null || validation_loss <= bigram_loss) return null;
  const above = "validation has ended above the bigram model";
  return epochs > REPEATED
    ? `${above}: ${read}`
    : `${above}: more tokens or another optimizer.lr would help, unless the text is read wrongly`;
}
