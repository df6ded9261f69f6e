import { resolve } from "node:path";
import type { Config } from "../../config/types.ts";
import type { PreparedData, RowPieces } from "../../data/types.ts";
import { FlmError } from "../../errors.ts";
import { joinRows } from "../../eval/loss-of-rows.ts";
import { findModel } from "../../eval/open-model.ts";
import { NO_RAMP } from "../../growth/ramp.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import type { Placement } from "../../native/placement.ts";
import { meshOf } from "../../parallel/mesh.ts";
import { aloneIn } from "../rank-stage.ts";
import type { Ranks } from "../ranks.ts";
import type { RunDirectory } from "../run-directory.ts";
import { NEXT_TOKEN, type Objective } from "./objective.ts";
import { PreferenceObjective } from "./preference.ts";
import { readReference, ReferenceTable } from "./reference-table.ts";
import { resumeLoad, StageEngine } from "../session.ts";
import { logProbsOf } from "./row-log-probs.ts";

export interface ObjectiveParts {
  config: Config;
  data: PreparedData;
  stages: readonly StagePlan[];
  placement: Placement;
  directory: RunDirectory;
  ranks: Ranks;
  /** There is a checkpoint: answers that lie in the directory are of its reference model. */
  resumes: boolean;
}

/**
 * The objective of a config. For dpo rank 0 asks the reference model once for all pairs and keeps the answers in the
 * run's directory, so that a resume does not need that model; the others read them there.
 *
 * @throws FlmError CHECKPOINT_NOT_FOUND or CHECKPOINT_INVALID for `init.from`
 */
export async function makeObjective(parts: ObjectiveParts): Promise<Objective> {
  const { config, data, stages, directory, ranks, resumes } = parts;
  if (config.objective.type !== "dpo") return NEXT_TOKEN;
  checkPairs(stages, ranks.world_size);
  const { seq_length } = config.stages[0]!;
  const rows = [...data.trainingPairs(seq_length), ...data.validationRows(seq_length)];
  const wanted = { data: data.fingerprint, seq_length };
  const isKnown = () => resumes && readReference(directory.reference, wanted) !== null;
  if (ranks.rank === 0 && !isKnown()) {
    const log_probs = await askReference(parts, rows);
    directory.write(directory.reference, JSON.stringify({ ...wanted, log_probs }));
  }
  await ranks.broadcast("reference", null);
  const logProbs = readReference(directory.reference, wanted);
  if (logProbs?.length !== rows.length)
    throw new FlmError(
      "IO",
      `${directory.reference} does not hold the ${rows.length} rows of the data`,
      {
        hint: "put the run on a disk that all ranks share, or delete the file",
      },
    );
  return new PreferenceObjective(new ReferenceTable(rows, logProbs), config.objective.beta);
}

/** @throws FlmError CONFIG_INVALID where a data-parallel rank would get half a pair, as the launch has it */
function checkPairs(stages: readonly StagePlan[], world_size: number): void {
  for (const { index, config, shape } of stages) {
    const { data_parallel_size } = meshOf(config.parallel, shape, world_size);
    if (config.global_batch_size % (2 * data_parallel_size) === 0) continue;
    throw new FlmError(
      "CONFIG_INVALID",
      `stages.${index}.global_batch_size: ${config.global_batch_size} rows are no whole pairs on each of ${data_parallel_size} data-parallel ranks`,
      { hint: `use a multiple of ${2 * data_parallel_size}: a pair takes two rows` },
    );
  }
}

async function askReference(
  { config, data, placement, stages }: ObjectiveParts,
  rows: readonly RowPieces[],
): Promise<number[]> {
  const model = await findModel(resolve(config.init.from!));
  const { engine, device } = placement;
  const parts = { config, placement: engine, device, world: null, files: data.files };
  const load = resumeLoad(model.checkpoint);
  const { native } = (await StageEngine.create(parts, aloneIn(stages[0]!), load, false))!;
  try {
    const { micro_batch_size, seq_length } = config.stages[0]!;
    const facts = { rows: rows.length, seq_length, micro_batch_size, ramp: NO_RAMP };
    return [...(await logProbsOf(native, joinRows(rows), facts))];
  } finally {
    await native.close();
  }
}
