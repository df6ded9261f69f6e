import { FlmError } from "../errors.ts";

/** L(N, D) = E + A / N^alpha + B / D^beta: nats per token for N parameters, embeddings included, after D tokens. */
export interface LossLaw {
  E: number;
  A: number;
  B: number;
  alpha: number;
  beta: number;
}

/**
 * L(D) = floor + B / D^beta at single sizes: what runs of them tell where they do not tell E, A and alpha apart. A floor
 * is E + A / N^alpha there, the loss after endless tokens.
 */
export interface SizedLaw {
  floors: readonly { parameters: number; floor: number }[];
  B: number;
  beta: number;
}

/** Published constants. Their losses are of other data and tokenizers: compare exponents, not values. */
export const LOSS_LAWS = {
  /** Hoffmann et al. 2022, arXiv 2203.15556, as printed. Rounding alone makes it fit its own data badly. */
  hoffmann: { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 },
  /** Epoch's replication with a corrected fit: Besiroglu et al. 2024, arXiv 2404.10102. */
  epoch: { E: 1.8172, A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658 },
} as const satisfies Record<string, LossLaw>;

export type LawName = keyof typeof LOSS_LAWS;

export function lawLoss(law: LossLaw | SizedLaw, parameters: number, tokens: number): number {
  return floorOf(law, parameters) + law.B / tokens ** law.beta;
}

/** @throws FlmError INVALID_ARGUMENT for a size that a SizedLaw does not have */
function floorOf(law: LossLaw | SizedLaw, parameters: number): number {
  if (!("floors" in law)) return law.E + law.A / parameters ** law.alpha;
  const own = law.floors.find((size) => size.parameters === parameters);
  if (own) return own.floor;
  const known = law.floors.map((size) => size.parameters).join(", ");
  throw new FlmError(
    "INVALID_ARGUMENT",
    `a stage has ${parameters} parameters, and the law holds for ${known} alone`,
    { hint: "add runs of that size that do not grow, or of a third size" },
  );
}

/** The size and tokens of least loss for C = 6 N D training FLOPs. */
export function computeOptimum(
  law: LossLaw,
  flops: number,
): { parameters: number; tokens: number; loss: number } {
  const { A, B, alpha, beta } = law;
  const g = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
  const parameters = g * (flops / 6) ** (beta / (alpha + beta));
  const tokens = flops / 6 / parameters;
  return { parameters, tokens, loss: lawLoss(law, parameters, tokens) };
}

export interface ChainedStage {
  parameters: number;
  tokens: number;
}

export interface ChainedLoss extends ChainedStage {
  /** Tokens that this size alone would have needed for the loss that the stage begins with; 0 in the first. */
  equivalent_tokens: number;
  loss: number;
}

/**
 * Loss over growth stages, for laws that know one size for a whole run: each stage begins where a run of its own size
 * would have the loss that the stage before ended with, and adds its tokens. What a run shows beside this is the
 * measured cost or gain of growing.
 *
 * @throws FlmError INVALID_ARGUMENT when a stage begins below the loss that its size reaches with any number of tokens,
 *   or has a size that the law does not hold for
 */
export function chainedLosses(
  law: LossLaw | SizedLaw,
  stages: readonly ChainedStage[],
): ChainedLoss[] {
  const chained: ChainedLoss[] = [];
  for (const [i, { parameters, tokens }] of stages.entries()) {
    const before = chained.at(-1);
    const equivalent_tokens = before ? tokensFor(law, parameters, before.loss) : 0;
    if (equivalent_tokens === null)
      throw new FlmError(
        "INVALID_ARGUMENT",
        `stage ${i + 1} begins at loss ${before!.loss.toFixed(4)}, which ${parameters} parameters do not reach under this law`,
        { hint: "the sizes of the stages must not shrink" },
      );
    const loss = lawLoss(law, parameters, equivalent_tokens + tokens);
    if (!Number.isFinite(loss))
      throw new FlmError(
        "INVALID_ARGUMENT",
        `stage ${i + 1} of ${parameters} parameters and ${tokens} tokens has no finite loss under this law`,
      );
    chained.push({ parameters, tokens, equivalent_tokens, loss });
  }
  return chained;
}

/** D with L(N, D) = loss; null where N parameters do not reach it. */
function tokensFor(law: LossLaw | SizedLaw, parameters: number, loss: number): number | null {
  const rest = loss - floorOf(law, parameters);
  const tokens = rest > 0 ? (law.B / rest) ** (1 / law.beta) : Infinity;
  return Number.isFinite(tokens) ? tokens : null;
}
