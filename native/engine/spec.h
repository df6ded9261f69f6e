#pragma once
// What TypeScript decides, as plain data. The binary form is read by engine/codec.cpp and written by
// lib/native/encode.ts; field order there is the order here.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/dtype.h"
#include "data/piece.h"
#include "model/recompute.h"
#include "model/shard.h"

namespace flm {

enum class DeviceKind { cpu, cuda };
enum class Precision { f32, bf16, f64 };  // f64: the oracle backend of the tests

// One parameter tensor as TypeScript knows it: [rows, cols], vectors are [1, n]. The engine compares names
// and shapes with its own list, so that the two sides can never disagree silently.
struct ParameterSpec {
  std::string name;
  int64_t rows, cols;
  double lr_mult;       // muP: multiplies the step's learning rate
  double weight_decay;  // decoupled
};

// Which indices a growth event added: 1 = new, 0 = inherited. Empty: that axis has no ramp.
struct GrowthMasks {
  std::vector<uint8_t> hidden;    // (hidden_size)
  std::vector<uint8_t> ffn;       // (ffn_hidden_size)
  std::vector<uint8_t> heads;     // (num_attention_heads)
  std::vector<uint8_t> kv_heads;  // (num_kv_heads)
  std::vector<uint8_t> layers;    // (num_layers)
};

// This rank's place among those that train one model together, and its part of the model. World rank =
// (pipeline_rank * data_size + data_rank) * tensor_size + tensor_rank.
struct MeshSpec {
  int64_t tensor_size = 1, data_size = 1, pipeline_size = 1;
  int64_t tensor_rank = 0, data_rank = 0, pipeline_rank = 0;
  bool sequence_parallel = false;
  std::vector<Range> chunks;  // layers of each chunk of this rank; empty: one chunk, all layers
  std::vector<int64_t>
      slots;  // of each chunk: micro-batches whose activations are kept at once; empty: 1 each

  int64_t size() const { return tensor_size * data_size * pipeline_size; }
};

struct EngineSpec {
  DeviceKind device;
  int64_t device_index;
  int64_t num_threads;  // CPU threads, 0 = all
  Precision precision;
  bool int8_weights = false;  // the matrices of products are held in int8: for inference, on the CPU
  ModelShape shape;
  int64_t micro_batch_size;
  // Every step has one: gradients, which are then written once, lend their memory to activations before that.
  bool one_micro_batch = false;
  Recompute recompute;
  double adam_beta1, adam_beta2, adam_eps;
  double clip_grad;           // largest gradient norm, 0 = off
  Precision state_precision;  // of AdamW's moments: bf16, or f32 for the statistics' own type
  bool trainable;             // false: no gradients and no optimizer state (evaluate, generate)
  std::vector<ParameterSpec> parameters;
  GrowthMasks masks;
  MeshSpec mesh;
};

// ---- load = reshard = grow ----

enum class StateKind { master, exp_avg, exp_avg_sq };
enum class FillKind { constant, normal };

// destination[r, c] = scale * source[row_map[r], col_map[c]], or the fill where a map says -1 or there is no
// source. A row map may also say -2 - k: the mean of the source's rows LoadPlan::means[k]. Normal fills are
// value * Philox(seed, tensor name, r * cols + c): the same under any sharding.
struct Move {
  std::string tensor;  // destination parameter
  StateKind kind;
  int64_t file;    // index into LoadPlan::files, or -1: no source
  int64_t offset;  // byte of the source tensor's first element in that file
  DType dtype;     // of the source: f32, bf16 or f64
  int64_t source_rows, source_cols;
  int64_t row_map, col_map;  // index into LoadPlan::maps, or -1: identity
  double scale;
  FillKind fill;
  double fill_value;  // the constant, or the standard deviation
};

struct TensorStep {
  std::string tensor;
  int64_t step;  // optimizer steps that its moments have seen
};

struct LoadPlan {
  uint64_t seed;
  std::vector<std::string> files;
  std::vector<std::vector<int32_t>> maps;   // new index -> old index, -1 = new, -2 - k = mean k (rows only)
  std::vector<std::vector<int32_t>> means;  // rows of a source, at least one
  std::vector<Move> moves;                  // one per master; moments without a move start at zero
  std::vector<TensorStep> steps;            // tensors that are not named start at 0
};

// ---- save ----

struct SaveItem {
  std::string tensor;
  StateKind kind;
};

struct SaveFile {
  std::string path;
  std::vector<uint8_t> header;  // written first, as it is: the safetensors length and header
  std::vector<SaveItem> items;  // then these, one after another, row-major, each whole
  int64_t writer = 0;           // the rank that writes it; all items are held in that rank's pipeline stage
};

struct SavePlan {
  std::vector<SaveFile> files;
};

struct SavedFile {
  std::string path;
  uint64_t size;
  uint64_t xxh64;  // of the whole file, seed 0
};

// ---- data ----

// Piece, one run of a token file in a row of the batch: data/piece.h.

struct Ramp {
  double hidden = 1, ffn = 1, heads = 1, layers = 1;  // m of each axis; 1 outside a ramp
};

// One entry of a pipeline rank's work list. `slot` is the place where the chunk keeps a micro-batch's
// activations, `peer` the pipeline rank at the other end of a transfer.
struct Instruction {
  enum class Kind { receive_forward, forward, send_forward, receive_backward, backward, send_backward };
  Kind kind;
  int64_t micro_batch, chunk, slot, peer;
};

struct StepInput {
  std::vector<Piece> pieces;  // of this rank's share of the batch
  int64_t num_micro_batches;
  double lr;
  Ramp ramp;
  bool force_masks = false;  // run masked kernels also at m = 1 (tests)
  std::vector<Instruction> instructions =
      {};             // empty, without a pipeline: each micro-batch forward and backward
  bool stop = false;  // this rank has been asked to stop
  // A step whose loss or gradient norm lies above these changes no parameter; equal on all ranks.
  double max_loss = std::numeric_limits<double>::infinity();
  double max_grad_norm = std::numeric_limits<double>::infinity();
  // By row of this rank's share: d loss / d nats of each of its targets. Empty: 1 / targets of the whole
  // batch.
  std::vector<double> row_weights = {};
  double loss = 0;  // with row_weights: this rank's part of the loss that they derive from
};

struct StepReport {
  double loss;       // mean over targets, nats; with row_weights the sum of all ranks' StepInput::loss
  double grad_norm;  // before clipping
  int64_t targets;   // supervised tokens
  bool skipped;      // loss or gradient norm not finite or above its limit: no parameter changed
  bool stop;         // some rank has been asked to stop
};

struct EvalInput {
  std::vector<Piece> pieces;
  int64_t num_micro_batches;
  Ramp ramp;
  bool per_token = false;                      // also report the loss of every position
  std::vector<Instruction> instructions = {};  // as in StepInput, forward alone
  bool stop = false;                           // this rank has been asked to stop
};

struct EvalReport {
  double loss_sum;  // nats
  int64_t targets;
  std::vector<float> token_losses;  // (rows * seq_length) with per_token; 0 where there is no target
  bool stop;                        // some rank has been asked to stop
};

// A lane is the place of one sequence in the key/value cache.
struct GenerateRow {
  int64_t lane;
  std::vector<int32_t> prompt;  // begins a new sequence; empty: go on with the one that is there
  uint64_t seed;
};

struct GenerateInput {
  int64_t lanes;  // that the cache has room for; another number than in the last call forgets them all
  std::vector<GenerateRow> rows;  // the lanes that are to write
  int64_t max_tokens;             // of each row
  double temperature;             // 0 = greedy
  int64_t top_k;                  // 0 = off
  double top_p;                   // 1 = off
  double repetition_penalty;      // 1 = off
  std::vector<int32_t> stop_tokens;
  int64_t vocab_size;  // of the tokenizer: only ids below are written, rows behind them say nothing
};

struct GeneratedRow {
  std::vector<int32_t> tokens;
  bool stopped = false;  // a stop token came (it is not among `tokens`)
  bool full = false;     // the context is full: the lane can only begin anew
};

using GenerateReport = std::vector<GeneratedRow>;  // of each row

// What one part of the model made of a sequence: (tokens, cols), row-major.
struct ActivationRecord {
  std::string name;
  int64_t cols;
  std::vector<float> values;
};

struct TensorInfo {
  std::string name;
  int64_t rows, cols;
  DType master_dtype, state_dtype;
};

}  // namespace flm
