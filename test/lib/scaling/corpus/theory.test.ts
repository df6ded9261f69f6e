import { describe, expect, test } from "vitest";
import { skillBounds, skillExponents } from "../../../../lib/scaling/corpus/skills.ts";
import { corpusTheory } from "../../../../lib/scaling/corpus/theory.ts";
import { LOSS_LAWS } from "../../../../lib/scaling/loss-law.ts";

const { hoffmann, epoch } = LOSS_LAWS;

describe("skillExponents: every number of the paper's versions that the reconstruction explains", () => {
  test.each([
    ["Hoffmann, printed", 0.28, 0.44, 0.58, 0.72, 2.62, 4.83],
    ["Hoffmann, TeX source", 0.2849, 0.43, 0.573, 0.715, 2.64, 5.01],
    ["Epoch", 0.3658, 0.268, 0.451, 0.634, 2.98, 13.2],
    ["Kaplan", 0.095, 0.81, 0.8575, 0.905, 2.15, 2.35],
  ])("%s, β %d", (_, beta, lower, middle, upper, least, most) => {
    const found = skillExponents(beta);
    expect(found.lower).toBeCloseTo(lower, 2);
    expect(found.middle).toBeCloseTo(middle, 2);
    expect(found.upper).toBeCloseTo(upper, 2);
    expect(Math.abs(found.doubling_least / least - 1)).toBeLessThan(0.01);
    expect(Math.abs(found.doubling_most / most - 1)).toBeLessThan(0.01);
  });

  test("from β one half on, no amount of data doubles the skills at the lower bound", () => {
    expect(skillExponents(0.5).doubling_most).toBe(Infinity);
  });
});

describe("skillBounds with Hoffmann's constants", () => {
  const bounds = (tokens: number, parameters: number | null) =>
    skillBounds(hoffmann.B, hoffmann.beta, tokens, parameters);

  test("3e11 tokens: 1.9e10 to 7.5e10, and GPT-3 is over", () => {
    const found = bounds(3e11, 1.75e11);
    expect(found).toMatchObject({ status: "bounds", verdict: "over" });
    if (found.status !== "bounds") return;
    expect(found.lower / 1e10).toBeCloseTo(1.9, 1);
    expect(found.upper / 1e10).toBeCloseTo(7.5, 1);
  });

  test("1.4e12 tokens: Chinchilla is inside, a small model under", () => {
    expect(bounds(1.4e12, 7e10)).toMatchObject({ verdict: "inside" });
    expect(bounds(1.4e12, 1e9)).toMatchObject({ verdict: "under" });
    expect(bounds(1.4e12, null)).toMatchObject({ verdict: null });
  });
});

describe("below the size where the bounds invert", () => {
  test.each([
    ["Hoffmann", hoffmann, 2.2e9],
    ["Epoch", epoch, 1.2e9],
  ])("%s refuses and says why", (_, { B, beta }, least) => {
    const refused = skillBounds(B, beta, 1e9, 1e8);
    expect(refused.status).toBe("refused");
    if (refused.status !== "refused") return;
    expect(Math.abs(refused.least_tokens / least - 1)).toBeLessThan(0.03);
    expect(refused.reason).toMatch(/lower bound then exceeds the upper.*runs of your own/);
    expect(skillBounds(B, beta, refused.least_tokens * 1.01, null).status).toBe("bounds");
  });
});

describe("corpusTheory", () => {
  test("shows 0.58 beside other versions and laws, with what speaks against it", () => {
    const { versions, laws, caveats } = corpusTheory(1e10, null, null);
    expect(versions.map(({ exponent }) => exponent)).toEqual([
      "0.58",
      "0.24",
      "0.44",
      "0.44 to 0.72",
    ]);
    expect(laws.map(({ exponents }) => exponents.middle.toFixed(2))).toEqual(["0.45", "0.58"]);
    expect(caveats.join(" ")).toMatch(/no rule.*reconstruction.*must not be equated/s);
  });

  test("one's own law comes first; an exponent alone gives no bounds", () => {
    const [own] = corpusTheory(1e6, 1e5, { B: 20, beta: 0.3 }).laws;
    expect(own).toMatchObject({ name: "yours", bounds: { status: "bounds" } });
    const [alone] = corpusTheory(1e6, 1e5, { B: null, beta: 0.3 }).laws;
    expect(alone!.bounds).toBeNull();
  });
});
