import * as z from "zod";

const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 };
const PATTERN = /^(\d[\d_]*(?:\.\d+)?)\s*([kmbt]?)$/i;

/** Reads `400k`, `1.5M`, `3B`, `2T` or a plain number; undefined when the text is none of these. */
export function parseTokenCount(text: string): number | undefined {
  const match = PATTERN.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  const count = Number(digits.replaceAll("_", "")) * (UNITS[unit.toLowerCase()] ?? 1);
  // A decimal times a power of ten can miss the integer by a rounding error (1.001M).
  const rounded = Math.round(count);
  return Math.abs(count - rounded) <= 1e-9 * rounded ? rounded : count;
}

/** A positive whole number of tokens; k, M, B and T are powers of 1000. */
export const tokenCount = z
  .union([z.number(), z.string().meta({ pattern: PATTERN.source.replace("kmbt", "kKmMbBtT") })], {
    error: "must be a number of tokens such as 400k, 1.5M, 3B or 2T",
  })
  .transform((input, context) => {
    const count = typeof input === "number" ? input : parseTokenCount(input);
    if (count === undefined) {
      context.addIssue("must be a number of tokens such as 400k, 1.5M, 3B or 2T");
      return z.NEVER;
    }
    if (!Number.isSafeInteger(count) || count < 1) {
      context.addIssue("must be a whole number of tokens, at least 1");
      return z.NEVER;
    }
    return count;
  });
