/**
 * Published models by name. A preset sets `model` defaults and the shape of the run's last stage.
 *
 * `evidence` says how far to trust a shape: "published" means every dimension was stated by the
 * authors, "reconstructed" that the authors left dimensions out and we filled them in.
 */
export interface Preset {
  readonly evidence: "published" | "reconstructed";
  /** Where the numbers are from. */
  readonly source: string;
  /** What a reader should know before relying on it. */
  readonly notes: readonly string[];
  readonly family: "flm" | "llama" | "gpt2";
  readonly model: {
    readonly vocab_size: number;
    readonly seq_length: number;
    readonly head_size: number;
    readonly init_std: number;
    readonly mup: { base_hidden_size: number; input_mult: number; output_mult: number } | null;
  };
  readonly shape: {
    readonly num_layers: number;
    readonly hidden_size: number;
    readonly num_attention_heads: number;
    readonly num_kv_heads: number;
    readonly ffn_hidden_size: number;
  };
}

/** Padded vocabulary, context, head width and muP constants that FLM's stages share. */
const FLM_MODEL: Preset["model"] = {
  vocab_size: 100_352,
  seq_length: 2048,
  head_size: 128,
  init_std: 0.016,
  mup: { base_hidden_size: 256, input_mult: 1, output_mult: 2 },
};

const FLM_SOURCE = "FLM-101B, arXiv 2309.03852, and the config released with the model";

const FLM_UNPUBLISHED =
  "Layers, hidden size and heads are our reconstruction: they were not published. The pair " +
  "(24 layers of 7168, 62 layers of 8192) meets the paper's total of 52.76 zettaFLOPs to 0.1 %, " +
  "but others come close too";

export const PRESETS = {
  "flm-16b": {
    evidence: "reconstructed",
    source: FLM_SOURCE,
    notes: [FLM_UNPUBLISHED],
    family: "flm",
    model: FLM_MODEL,
    shape: {
      num_layers: 24,
      hidden_size: 7168,
      num_attention_heads: 56,
      num_kv_heads: 56,
      ffn_hidden_size: 28_672,
    },
  },
  "flm-51b": {
    evidence: "reconstructed",
    source: FLM_SOURCE,
    notes: [FLM_UNPUBLISHED],
    family: "flm",
    model: FLM_MODEL,
    shape: {
      num_layers: 62,
      hidden_size: 8192,
      num_attention_heads: 64,
      num_kv_heads: 64,
      ffn_hidden_size: 32_768,
    },
  },
  "flm-101b": {
    evidence: "published",
    source: FLM_SOURCE,
    notes: [
      "Tied embeddings and biases are inferred from a later report's list of changes (Tele-FLM, arXiv 2404.16645)",
    ],
    family: "flm",
    model: FLM_MODEL,
    shape: {
      num_layers: 80,
      hidden_size: 10_240,
      num_attention_heads: 80,
      num_kv_heads: 80,
      ffn_hidden_size: 40_960,
    },
  },
  "tele-flm-52b": {
    evidence: "published",
    source: "Tele-FLM, arXiv 2404.16645, and the config released with the model",
    notes: [
      "80,384 rows are the 80,000 tokens padded. The report gives 52.85 B parameters; these dimensions have 52.82 B",
      "One init_std cannot hold both published values: it is the matrices' (4.242e-3 at full width) brought to the base width; vectors had 4e-3",
    ],
    family: "llama",
    model: {
      vocab_size: 80_384,
      seq_length: 4096,
      head_size: 128,
      init_std: 0.01697,
      mup: { base_hidden_size: 512, input_mult: 1, output_mult: 0.5 },
    },
    shape: {
      num_layers: 64,
      hidden_size: 8192,
      num_attention_heads: 64,
      num_kv_heads: 64,
      ffn_hidden_size: 21_824,
    },
  },
  "geb-1.3b": {
    evidence: "published",
    source: "GEB-1.3B, arXiv 2406.09900, and the config released with the model",
    notes: [
      "The rotary base and the share of a head that is rotated are not published: 10000 and all of it are assumed",
      "Initialisation is not published: init_std 0.02 is assumed",
      "The paper says Post-RMSNorm; the released config reads as norms before each block and one at the end",
    ],
    family: "llama",
    model: { vocab_size: 64_896, seq_length: 4096, head_size: 128, init_std: 0.02, mup: null },
    shape: {
      num_layers: 24,
      hidden_size: 2048,
      num_attention_heads: 16,
      num_kv_heads: 4,
      ffn_hidden_size: 5632,
    },
  },
  "gpt2-124m": {
    evidence: "published",
    source:
      "Radford et al. 2019, Language Models are Unsupervised Multitask Learners, and the released model",
    notes: [],
    family: "gpt2",
    model: { vocab_size: 50_257, seq_length: 1024, head_size: 64, init_std: 0.02, mup: null },
    shape: {
      num_layers: 12,
      hidden_size: 768,
      num_attention_heads: 12,
      num_kv_heads: 12,
      ffn_hidden_size: 3072,
    },
  },
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];
