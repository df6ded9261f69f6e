import * as z from "zod";
import { PRESET_NAMES } from "../presets.ts";
import { key } from "./key.ts";
import { epsilon, size } from "./size.ts";

const mupSchema = z.strictObject({
  base_hidden_size: key(
    size,
    "Width at which learning rate and init_std were tuned; m = hidden_size / base_hidden_size. With mup: null, or without the section mup where no preset has muP, the standard parametrisation is used.",
  ),
  input_mult: key(z.number().gt(0).default(1), "Factor on the embedding's output."),
  output_mult: key(z.number().gt(0).default(1), "Logits are multiplied by output_mult / m."),
});

const ropeScalingSchema = z.strictObject({
  type: key(
    z.enum(["llama3", "linear"]),
    "linear divides all frequencies by factor; llama3, of Llama 3.1 and 3.2, divides only the slow ones by it.",
  ),
  factor: key(z.number().gt(0), "What frequencies are divided by."),
  low_freq_factor: key(
    z.number().gt(0).nullable().default(null),
    "llama3 only, required there: components that turn less than so often within original_max_position_embeddings are divided by factor.",
  ),
  high_freq_factor: key(
    z.number().gt(0).nullable().default(null),
    "llama3 only, required there: components that turn more often than that stay as they are; between the two there is a smooth passage.",
  ),
  original_max_position_embeddings: key(
    size.nullable().default(null),
    "llama3 only, required there: the context that the model had before it was made longer.",
  ),
});

export const modelSchema = z.strictObject({
  family: key(
    z.enum(["flm", "llama", "gpt2"]).optional(),
    "Sets the defaults of norm, activation, position_embedding, bias and tie_embeddings (table below).",
    "llama, or the preset's",
  ),
  preset: key(
    z.enum(PRESET_NAMES).nullable().default(null),
    "A published model: sets the family, the vocabulary, seq_length, head_size, init_std, muP where the model used it, and the shape of the last stage. Explicit keys win over it.",
  ),
  vocab_size: key(
    size.nullable().optional(),
    "Rows of the embedding, when more than the tokenizer has are wanted.",
    "the tokenizer's, or the preset's",
  ),
  seq_length: key(size.optional(), "Tokens in a sequence.", "1024, or the preset's"),
  head_size: key(
    size.optional(),
    "Width of one attention head; the same in all stages.",
    "hidden_size / num_attention_heads of the first stage, or the preset's",
  ),
  norm: key(
    z.enum(["layer_norm", "rms_norm"]).optional(),
    "Normalisation before attention, before the FFN and before the head.",
    "by family",
  ),
  norm_eps: key(epsilon.default(1e-5), "Epsilon of the norms."),
  activation: key(
    z.enum(["gelu", "swiglu"]).optional(),
    "FFN: GELU (tanh form) with two matrices, or SwiGLU with three.",
    "by family",
  ),
  position_embedding: key(
    z.enum(["xpos", "rope", "learned"]).optional(),
    "xPos (up to 65,536 tokens) and RoPE rotate queries and keys; learned adds a table of seq_length rows.",
    "by family",
  ),
  rope_theta: key(z.number().gt(1).default(10_000), "Base of the rotary frequencies."),
  rope_scaling: key(
    ropeScalingSchema.nullable().default(null),
    "How RoPE's frequencies are scaled for a longer context, as in Llama 3.1; null leaves them as they are.",
  ),
  bias: key(
    z.boolean().optional(),
    "Biases in the attention and FFN projections. LayerNorm always has one, the head never.",
    "by family",
  ),
  tie_embeddings: key(z.boolean().optional(), "Use the embedding as the output head.", "by family"),
  init_std: key(
    z.number().gt(0).optional(),
    "Standard deviation of initial weights; under muP the base value.",
    "0.02, or the preset's",
  ),
  mup: key(
    mupSchema.nullable().optional(),
    "muP: hyper-parameters tuned at a small width hold at every width. null is the standard parametrisation.",
    "null, or the preset's",
  ),
});
