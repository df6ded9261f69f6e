import { expect, test } from "vitest";
import { AskedWeights } from "../../../../lib/export/import/asked-weights.ts";
import { importLlama } from "../../../../lib/export/import/llama.ts";
import { HfConfig } from "../../../../lib/export/import/hf-config.ts";
import { llamaModel } from "../../../../lib/export/hf/llama.ts";
import { failure } from "../../failure.ts";
import { collect, LLAMA_STAGE, planOf, sourceOf, weightsOf } from "../weights.ts";

const plan = planOf({ family: "llama" }, LLAMA_STAGE);
const exported = llamaModel(plan, sourceOf(weightsOf(plan)));
const stored = collect(exported.tensors);

function unaskedOf(config: Record<string, unknown>, more: readonly string[] = []): string[] {
  const weights = new AskedWeights(sourceOf(stored), [...stored.keys(), ...more]);
  importLlama(new HfConfig({ ...exported.config, ...config }, "config.json"), weights);
  return weights.unasked();
}

test("a model asks for all of its weights", () => {
  expect(unaskedOf({})).toEqual([]);
});

test("a smaller one leaves some out", () => {
  const unasked = unaskedOf({ num_hidden_layers: 1 });
  expect(unasked).toHaveLength(9);
  expect(unasked[0]).toMatch(/^model\.layers\.1\./);
});

test("norms that ours do not have are noticed, and buffers are none", () => {
  const norm = "model.layers.0.self_attn.q_norm.weight";
  expect(unaskedOf({}, [norm, "model.layers.0.self_attn.rotary_emb.inv_freq"])).toEqual([norm]);
});

test.each([NaN, -Infinity])("%d is no weight", (value) => {
  const weights = new AskedWeights(
    sourceOf(new Map([["w", { rows: 3, values: [0, 1, 2, 3, 4, value] }]])),
    ["w"],
  );
  expect([...weights.read("w", 0, 2)]).toEqual([0, 1, 2, 3]);
  const error = failure(() => weights.read("w", 1, 2));
  expect(error).toMatchObject({ code: "CHECKPOINT_INVALID" });
  expect(error.message).toBe(`w has ${value} in row 2, column 1`);
});
