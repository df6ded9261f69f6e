import { shapeOfStage } from "../config/shape.ts";
import type { Config } from "../config/types.ts";
import { meshOf } from "./mesh.ts";
import { numMicroBatchesOf } from "./micro-batches.ts";

/** Large enough for any mesh: the real one is known only with the tokenizer. */
const SOME_VOCABULARY = 2 ** 20;

/**
 * What can be said of the stages' meshes before a tokenizer is there.
 *
 * @throws FlmError CONFIG_INVALID where a stage cannot be split over `world_size` ranks
 */
export function checkMeshes(config: Config, world_size: number): void {
  const vocab_size = config.model.vocab_size ?? SOME_VOCABULARY;
  for (const [i, stage] of config.stages.entries()) {
    const shape = shapeOfStage(config, i, vocab_size);
    numMicroBatchesOf(meshOf(stage.parallel, shape, world_size), stage);
  }
}
