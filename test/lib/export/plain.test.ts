import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { UserConfig } from "../../../lib/config/types.ts";
import { ByteTokenizer } from "../../../lib/data/tokenizer/byte-tokenizer.ts";
import { writePlain } from "../../../lib/export/plain.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { LLAMA_STAGE, planOf, sourceOf, weightsOf } from "./weights.ts";

async function written(model: UserConfig["model"]): Promise<{ format: number; shape: object }> {
  const directory = temporaryDirectory();
  const plan = planOf({ family: "llama", ...model }, LLAMA_STAGE);
  const options = { type: "f32" } as const;
  await writePlain(directory, plan, sourceOf(weightsOf(plan)), new ByteTokenizer(), options);
  const json = readFileSync(join(directory, "model.json"), "utf8");
  return JSON.parse(json) as { format: number; shape: object };
}

it("says what frequencies are divided by where RoPE is scaled, which readers of the first format do not know", async () => {
  const rope_scaling = { type: "linear", factor: 4 } as const;
  expect(await written({ rope_scaling })).toMatchObject({
    format: 2,
    shape: { rope_scaling, rope_divisors: [4, 4] },
  });
  const plain = await written({});
  expect(plain.format).toBe(1);
  expect(Object.keys(plain.shape).filter((key) => /scaling|divisors/.test(key))).toEqual([]);
});
