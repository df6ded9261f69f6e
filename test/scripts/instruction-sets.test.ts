import { expect, it } from "vitest";
import { lesserInstructionSets } from "../../scripts/support/instruction-sets.mjs";

const AVX2 = ["avx2", "fma"];
const AVX512 = [...AVX2, "avx512f", "avx512bw", "avx512vl", "avx512dq"];

it.each([
  [[], []],
  [AVX2, ["portable"]],
  [AVX512, ["portable", "avx2"]],
  [
    [...AVX512, "avx512_bf16"],
    ["portable", "avx2", "avx512"],
  ],
  [["avx512_bf16"], []],
])("of a processor with %j: %j", (flags, sets) => {
  expect(lesserInstructionSets(new Set(flags))).toEqual(sets);
});
