import type { Checkpoint } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import { ONE_RANK } from "../native/plans.ts";
import type { RunEvent } from "./events.ts";
import { aloneIn } from "./rank-stage.ts";
import { sampleText } from "./sample.ts";
import { type EngineParts, resumeLoad, StageEngine } from "./session.ts";

export interface SampledRun {
  config: Config;
  data: PreparedData;
  step: number;
  parts: EngineParts;
  plan: StagePlan;
}

/**
 * What the model makes of `eval.sample_prompt`. Text is written on one rank: where the running engine is none of its own,
 * by another one with the weights of the checkpoint.
 *
 * @param running null where none runs, because the run was resumed at the boundary of two stages
 */
export async function sampleEvent(
  { config, data, step, parts, plan }: SampledRun,
  running: StageEngine | null,
  checkpoint: Checkpoint,
): Promise<Extract<RunEvent, { type: "sample" }>> {
  const prompt = config.eval.sample_prompt!;
  const isWhole = running?.stage.spec === ONE_RANK;
  const engine = isWhole ? running : await wholeModel(parts, plan, checkpoint);
  try {
    const text = await sampleText(engine.native, data.tokenizer, {
      prompt,
      max_tokens: config.eval.sample_tokens,
      temperature: 0.8,
      top_p: 0.95,
      seed: config.seed,
    });
    return { type: "sample", step, prompt, text };
  } finally {
    if (engine !== running) await engine.native.close();
  }
}

async function wholeModel(
  parts: EngineParts,
  plan: StagePlan,
  checkpoint: Checkpoint,
): Promise<StageEngine> {
  const alone = { ...parts, world: null };
  return (await StageEngine.create(alone, aloneIn(plan), resumeLoad(checkpoint), false))!;
}
