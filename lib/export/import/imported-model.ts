import type { UserConfig } from "../../config/types.ts";
import type { StreamedTensor } from "../streamed-tensor.ts";

/** A model as our config describes it, with its weights by our names. */
export interface ImportedModel {
  model: NonNullable<UserConfig["model"]>;
  /** Dimensions of its one stage. */
  stage: {
    num_layers: number;
    hidden_size: number;
    num_attention_heads: number;
    num_kv_heads: number;
    ffn_hidden_size: number;
  };
  tensors: StreamedTensor[];
  /** What of the files is not taken as config.json says. */
  warnings: string[];
}
