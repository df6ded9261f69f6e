import type { Checkpoint } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import type { RunEvent } from "./events.ts";
import type { RankStage } from "./rank-stage.ts";
import { sampleText } from "./sample.ts";
import { type EngineParts, resumeLoad, StageEngine } from "./session.ts";

export interface SampledRun {
  config: Config;
  data: PreparedData;
  step: number;
  parts: EngineParts;
  stage: RankStage;
}

/**
 * What the model makes of `eval.sample_prompt`. Collective over the world's ranks; null on those that the stage does not
 * use.
 *
 * @param running this rank's engine; undefined where no rank has made one, because the run was resumed at the boundary
 *   of two stages: then one is made of the checkpoint
 */
export async function sampleEvent(
  { config, data, step, parts, stage }: SampledRun,
  running: StageEngine | null | undefined,
  checkpoint: Checkpoint,
): Promise<Extract<RunEvent, { type: "sample" }> | null> {
  const prompt = config.eval.sample_prompt!;
  const engine =
    running === undefined
      ? await StageEngine.create(parts, stage, resumeLoad(checkpoint), false)
      : running;
  if (engine === null) return null;
  try {
    const text = await sampleText(engine.native, data.tokenizer, {
      prompt,
      max_tokens: config.eval.sample_tokens,
      temperature: 0.8,
      top_p: 0.95,
      seed: config.seed,
      stop_tokens: config.eval.stop_tokens,
    });
    return { type: "sample", step, prompt, text };
  } finally {
    if (engine !== running) await engine.native.close();
  }
}
