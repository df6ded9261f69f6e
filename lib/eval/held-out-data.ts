import { DATA_IDENTITY } from "../checkpoint/manifest.ts";
import { prepareData } from "../data/prepare.ts";
import { prepareStages } from "../data/prepare-stages.ts";
import { prepareTogether } from "../data/prepare-together.ts";
import type { PreparedData } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { loadNative } from "../native/load.ts";
import type { ModelRanks } from "./model-place.ts";
import type { TrainedModel } from "./open-model.ts";

export interface HeldOutData {
  data: PreparedData;
  /** Where it is not what the run held out. */
  warnings: string[];
}

/**
 * The data of a model's run, in the model's own tokens also where the sources have changed since: a tokenizer that is
 * trained on other text gives other ids. All ranks call it.
 *
 * @throws FlmError DATA_EMPTY where nothing is held out; what preparing throws
 */
export async function heldOutData(
  model: Pick<TrainedModel, "checkpoint" | "config" | "plan" | "tokenizer">,
  ranks: ModelRanks,
  signal: AbortSignal | undefined,
): Promise<HeldOutData> {
  const { config, plan, tokenizer } = model;
  const [data] = (await prepareTogether(ranks, async (sources_key) => {
    const options = { native: loadNative(), signal, sources_key };
    // As training does it, so that what it has made is used.
    const trained = (await prepareStages(config, options))[plan.index]!;
    if (trained.tokenizer.fingerprint === tokenizer.fingerprint) return [trained];
    return [await prepareData(config, options, { json: tokenizer.toJson()! })];
  }).catch((error: unknown) => {
    throw withOtherText(error);
  }))!;
  if (data!.validation_tokens === 0)
    throw new FlmError("DATA_EMPTY", "the run holds no validation text", {
      hint: "name a file, or train with data.validation.fraction above 0 and at least two documents",
    });
  const { [DATA_IDENTITY]: known } = model.checkpoint.manifest.identity;
  // Imported runs were not trained on it.
  const isOther = known !== undefined && known !== data!.fingerprint;
  const warnings = isOther
    ? [
        "the data has changed since the run was trained: this is what is held out of it now, in the run's tokens, and " +
          "its score does not compare with those of the run",
      ]
    : [];
  return { data: data!, warnings };
}

/** An imported run has no data until somebody puts some there. */
function withOtherText(error: unknown): unknown {
  if (!(error instanceof FlmError) || error.code !== "DATA_NOT_FOUND") return error;
  return new FlmError(error.code, error.message, {
    hint: "put the run's data there, or name the text to measure: flm-train eval RUN FILE --suite perplexity",
    cause: error,
  });
}
