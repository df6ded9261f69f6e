/**
 * The exponent of unique sequences, and with them of skills, against data: Δ = B / D^β nats of excess loss are set equal
 * to the error of learning U sequences from D, of order U/D (fast rate) or √(U/D) (slow rate). Reconstructed from the
 * exponents that "Scaling Efficient LLMs" (arXiv 2402.14746) prints; its constants and logarithms are not known.
 */
export interface SkillExponents {
  beta: number;
  /** 1 − 2β, 1 − 1.5β, 1 − β. */
  lower: number;
  middle: number;
  upper: number;
  /** Times the data that twice the skills need, 2^(1/γ), for the upper and the lower exponent. Infinite at 0 and below. */
  doubling_least: number;
  doubling_most: number;
}

export function skillExponents(beta: number): SkillExponents {
  const [lower, middle, upper] = [1 - 2 * beta, 1 - 1.5 * beta, 1 - beta];
  return {
    beta,
    lower,
    middle,
    upper,
    doubling_least: doubling(upper),
    doubling_most: doubling(lower),
  };
}

function doubling(gamma: number): number {
  return gamma > 0 ? 2 ** (1 / gamma) : Infinity;
}

/** L(D) = E + B / D^beta for a model that is large enough. */
export interface DataLaw {
  name: string;
  /** Null where only the exponent is known: then there are no bounds. */
  B: number | null;
  beta: number;
}

export type SkillBounds =
  | {
      status: "bounds";
      /** B² D^(1−2β) and B D^(1−β): orders of magnitude only. */
      lower: number;
      upper: number;
      /** Where N parameters lie; null where N was not given. */
      verdict: "under" | "inside" | "over" | null;
    }
  | {
      status: "refused";
      /** Tokens below which the lower bound exceeds the upper one: B / D^β is above 1 nat. */
      least_tokens: number;
      reason: string;
    };

/**
 * Where N lies between the bounds on the number of unique sequences in D tokens: under them, more size may uncover
 * skills; over them, nothing is left for size alone.
 */
export function skillBounds(
  B: number,
  beta: number,
  tokens: number,
  parameters: number | null,
): SkillBounds {
  const excess = B / tokens ** beta;
  if (excess > 1) {
    const least_tokens = B ** (1 / beta);
    return {
      status: "refused",
      least_tokens,
      reason:
        `at ${tokens.toPrecision(2)} tokens B / D^β is ${excess.toPrecision(2)} nats, above 1: the lower bound then exceeds the upper one. ` +
        `These constants say nothing below ${least_tokens.toPrecision(2)} tokens; fit B and β on runs of your own (flm-train fit)`,
    };
  }
  const lower = tokens * excess * excess;
  const upper = tokens * excess;
  return {
    status: "bounds",
    lower,
    upper,
    verdict: parameters === null ? null : verdictOf(parameters, lower, upper),
  };
}

function verdictOf(parameters: number, lower: number, upper: number): "under" | "inside" | "over" {
  if (parameters < lower) return "under";
  return parameters > upper ? "over" : "inside";
}
