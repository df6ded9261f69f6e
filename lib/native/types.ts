/**
 * The addon's whole surface, stated once. Specs and plans cross as bytes (lib/native/encode.ts writes what
 * native/engine/codec.cpp reads), because native programs without Node read the same bytes.
 */

export interface DeviceInfo {
  kind: "cpu" | "cuda";
  index: number;
  /** For example "AMD EPYC (avx512-bf16, 2 threads)" or "NVIDIA H100 80GB HBM3". */
  name: string;
  native_bf16: boolean;
  total_bytes: number;
}

export interface NativeBinding {
  /** The loader refuses an addon whose number is not the one it was compiled for. */
  readonly abi: number;
  readonly build: { readonly cuda: boolean };
  /** All devices of this machine; why there is no GPU among them, if so. Takes no memory of any GPU. */
  devices(): { devices: DeviceInfo[]; no_cuda_reason: string | null };
  /** Memory of a device that is free now. Of a GPU this takes some itself, until the process ends. */
  freeBytes(kind: DeviceInfo["kind"], index: number): number;
  /**
   * `spec` is `encodeEngineSpec(...)`. Allocates all memory of the stage. With a world it is collective: every rank
   * of the mesh makes its engine while the others sit out.
   */
  createEngine(spec: Uint8Array, world: NativeWorld | null): Promise<AddonEngine>;
  /** Opens the doors through which other ranks will connect; the system chooses the port. */
  createWorld(bind_address: string): NativeWorld;
  /** Whether a rank on this GPU could use NCCL. */
  nccl(device_index: number): NcclFacts;
  /** Ends every wait for another rank in this process, with the reason. From any thread that has loaded the addon. */
  abortWorlds(reason: string): void;
  /** Signs of life of this process's engines. Waits for none of them. */
  pulse(): NativePulse;
  /** Size and XXH64 (seed 0, 16 hex digits) of a file. */
  hashFile(path: string): Promise<FileHash>;
  /** Hands the error class over, so that the addon's errors are instances of it. */
  setErrorClass(create: (code: string, message: string) => Error): void;
  createBpeTrainer(split: SplitName): NativeBpeTrainer;
  /**
   * @param whole_words a word that the vocabulary has gets its id, whatever merges would give
   * @param added ids whose pieces are found in the text before it is split
   */
  createBpeEncoder(
    vocabulary: BpeVocabulary,
    split: SplitName,
    whole_words: boolean,
    added: Uint32Array,
  ): NativeBpeEncoder;
}

export interface NativePulse {
  /** Rises with every unit of work: a micro-batch in one pass, a tensor loaded, a file saved, a token written. */
  beats: number;
  /** An engine is at work, and does not wait for other ranks. */
  busy: boolean;
}

export interface FileHash {
  size: number;
  xxh64: string;
}

export interface NcclFacts {
  /** What names the GPU among all machines: "GPU-" and its UUID. */
  gpu: string;
  /** For example "2.27.3"; null where no usable NCCL was found. */
  version: string | null;
  /** Why there is none. */
  reason: string | null;
}

/** Where one rank can be reached by the others. */
export interface RankEndpoint {
  /** Equal for ranks that can share memory. */
  host: string;
  unix_name: string;
  address: string;
  port: number;
}

export interface WorldInput {
  rank: number;
  /** Of all ranks, this one's too. */
  peers: readonly RankEndpoint[];
  /** Job and attempt: ranks of another are refused. */
  job: string;
  /** Each pair proves that it knows it; empty: no proof is asked for. */
  secret: Uint8Array;
  /** Longest wait for another rank. */
  timeout_seconds: number;
  /** A rank on another machine of which nothing comes for so long is lost. */
  silence_seconds: number;
  device: "cpu" | "cuda";
  device_index: number;
  /** NCCL needs a GPU for each rank; the host communicator carries the data of any device. */
  communicator: "host" | "nccl";
}

/** This process's end of a group of ranks. */
export interface NativeWorld {
  readonly endpoint: RankEndpoint;
  /** Collective, once. */
  connect(input: WorldInput): Promise<void>;
  /** What a rank does while others make the engines of a mesh that does not use it. */
  sitOut(): Promise<void>;
}

export interface NativeEngine {
  readonly device: DeviceInfo;
  /** Device memory that the engine holds. */
  readonly memory_bytes: number;
  tensors(): TensorInfo[];
  load(plan: Uint8Array): Promise<void>;
  /** Writes and fsyncs the files of `encodeSavePlan(...)`. */
  save(plan: Uint8Array): Promise<SavedFile[]>;
  /**
   * The same, but the engine only copies its state to memory: jobs that come after go on while another thread writes.
   * Holds as much memory as the files have bytes until the promise is settled.
   */
  saveBehind(plan: Uint8Array): Promise<SavedFile[]>;
  /** Replaces the token files that `pieces` name by index. */
  openTokenFiles(paths: readonly string[]): Promise<void>;
  step(input: StepInput): Promise<StepReport>;
  evaluate(input: EvalInput): Promise<EvalReport>;
  /**
   * Of ranks that share one replica of the model all call it with the same input, and all get the same rows.
   * Data-parallel replicas write apart.
   */
  generate(input: GenerateInput): Promise<GeneratedRow[]>;
  /** One sequence through the model, part by part; on one rank. */
  activations(tokens: Int32Array): Promise<Activation[]>;
  /** Switches tracing on or off; returns the rows gathered so far and clears them. */
  trace(on: boolean): Promise<TraceRow[]>;
  /** Stops the running job only; its promise rejects with CANCELLED and nothing has changed. */
  cancel(): void;
  /** Cancels, waits and frees; afterwards every call rejects. */
  close(): Promise<void>;
}

/** What one part of the model made of a sequence. */
export interface Activation {
  /** Order and names: `Engine::activations` in native/engine/engine.h. */
  name: string;
  cols: number;
  /** (tokens, cols), row-major. */
  values: Float32Array;
}

export interface TensorInfo {
  name: string;
  rows: number;
  cols: number;
  master_dtype: "f32" | "f64";
  state_dtype: "f32" | "bf16" | "f64";
}

export interface SavedFile extends FileHash {
  path: string;
}

/** Ramp position m of each grown axis; 1 outside a ramp. */
export interface Ramp {
  hidden: number;
  ffn: number;
  heads: number;
  layers: number;
}

/** Numbers of one piece in `pieces`: row, file, offset, length, flags. */
export const PIECE_FIELDS = 5;
/** Attention and positions start anew with this piece. */
export const PIECE_NEW_SEGMENT = 1;
/** The piece's last input has a target: the token behind it in the file. */
export const PIECE_LAST_TARGET = 2;
/** None of the piece's inputs has a target: they are read, and nothing is learned from them. */
export const PIECE_NO_TARGETS = 4;

/** Numbers of one instruction: op, micro-batch, chunk, slot, peer; native/engine/spec.h says what they mean. */
export const INSTRUCTION_FIELDS = 5;
/** Without a pipeline: each micro-batch forward and backward in turn. */
export const NO_INSTRUCTIONS = new Int32Array();

export interface StepInput {
  /** PIECE_FIELDS numbers a piece; micro-batch i holds the rows from i * micro_batch_size on. */
  pieces: Float64Array;
  num_micro_batches: number;
  lr: number;
  ramp: Ramp;
  /** INSTRUCTION_FIELDS numbers each; empty without a pipeline. */
  instructions: Int32Array;
  /** This rank has been asked to stop. */
  stop: boolean;
  /** A step whose loss or gradient norm lies above these changes no parameter; Infinity: no limit. Equal on all ranks. */
  max_loss: number;
  max_grad_norm: number;
  /** By row of this rank's share: d loss / d nats of each of its targets. Empty: 1 / targets of the whole batch. */
  row_weights: Float64Array;
  /** With row_weights: this rank's part of the loss that they derive from. */
  loss: number;
}

export interface StepReport {
  /** Mean over targets, nats per token; with row_weights the sum of all ranks' `StepInput.loss`. */
  loss: number;
  /** Before clipping. */
  grad_norm: number;
  targets: number;
  /** The loss or the gradient norm was not finite or above its limit: no parameter changed. */
  skipped: boolean;
  /** Some rank has been asked to stop. */
  stop: boolean;
}

/** The addon's own engine, whose step gives its report as a list. */
export interface AddonEngine extends Omit<NativeEngine, "step"> {
  step(
    input: StepInput,
  ): Promise<[loss: number, grad_norm: number, targets: number, skipped: boolean, stop: boolean]>;
}

export interface EvalInput {
  pieces: Float64Array;
  num_micro_batches: number;
  ramp: Ramp;
  per_token: boolean;
  /** As in StepInput, forward alone. */
  instructions: Int32Array;
  /** This rank has been asked to stop; false by default. */
  stop?: boolean;
}

export interface EvalReport {
  loss_sum: number;
  targets: number;
  /** (rows * seq_length) with per_token, else null; 0 where there is no target. Of a pipeline its last rank has them. */
  token_losses: Float32Array | null;
  /** Some rank has been asked to stop. */
  stop: boolean;
}

/** A lane is the place of one sequence in the key/value cache. */
export interface GenerateRow {
  lane: number;
  /** Begins a new sequence; empty: go on with the one that is there. */
  prompt: Int32Array;
  seed: number;
}

export interface GenerateInput {
  /** That the cache has room for; another number than in the last call forgets them all. */
  lanes: number;
  /** The lanes that are to write. What one writes does not depend on the others. */
  rows: readonly GenerateRow[];
  /** Of each row. */
  max_tokens: number;
  temperature: number;
  top_k: number;
  top_p: number;
  repetition_penalty: number;
  stop_tokens: Int32Array;
  /** The tokenizer's: only ids below are written. Rows that the model has beyond them say nothing. */
  vocab_size: number;
}

/** What a row wrote. */
export interface GeneratedRow {
  tokens: Int32Array;
  /** A stop token came; it is not among `tokens`. */
  stopped: boolean;
  /** The context is full: the lane can only begin anew. */
  full: boolean;
}

export interface TraceRow {
  op: string;
  calls: number;
  seconds: number;
}

export type SplitName = "none" | "gpt2" | "gpt4" | "qwen2" | "starcoder";

/** Byte-level BPE: `pieces` lie one after another in `bytes`, piece i ends at `ends[i]`. */
export interface BpeVocabulary {
  bytes: Uint8Array;
  ends: Uint32Array;
  /** left, right of each merge, in rank order. */
  merges: Uint32Array;
}

export interface NativeBpeTrainer {
  /** Counts the words of UTF-8 text; text is split at document ends by the caller. */
  add(text: Uint8Array): Promise<void>;
  /** `dropped_words`: different ones that were counted and given up again for their number. */
  train(vocab_size: number): Promise<BpeVocabulary & { dropped_words: number }>;
}

export interface NativeBpeEncoder {
  /** Encodes documents that lie one after another in `text`, document i ending at `ends[i]`. */
  encode(text: Uint8Array, ends: Uint32Array): Promise<{ ids: Uint32Array; ends: Uint32Array }>;
  decode(ids: Uint32Array): Uint8Array;
}
