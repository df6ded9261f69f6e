#pragma once
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/backend.h"
#include "engine/device_buffer.h"
#include "engine/groups.h"
#include "engine/int8_matrices.h"
#include "engine/spec.h"
#include "model/decoder.h"
#include "model/parameters.h"
#include "model/run.h"

namespace flm {

// Weights, gradients and optimizer state of one rank. Weights and gradients of its part of the model are
// whole; the optimizer's state of the matrices, and their f32 masters under bf16, are split over the
// data-parallel ranks (ZeRO-1, arXiv 1910.02054). Where nothing is trained there are only weights, in the
// type that they are computed with.
class ParameterStore {
 public:
  // Throws Error(invalid_argument) where spec.parameters do not fit spec.shape.
  ParameterStore(const Backend& backend, const EngineSpec& spec, const Shard& shard, ComputeTypes types);

  const ParameterLayout& layout() const { return layout_; }
  const StageWeights& weights() const { return weights_; }
  size_t bytes() const;

  // Flat gradients, stat type: matrices as the layout's buckets, vectors.
  Out matrix_grads() const { return matrix_grads_.view(); }
  Out vector_grads() const { return vector_grads_.view(); }
  // Those of vectors, which every backward pass adds to. Those of matrices are written by the first (see
  // Run::first_micro_batch).
  void zero_gradients(Stream stream);
  // The matrices' gradients until they are written: by the last block first, by the embeddings last. Empty
  // where more than one chunk or micro-batch adds to them.
  const LentMemory& lent_gradients() const { return lent_; }

  // This rank's share of the squared norm of all gradients.
  void norm_squared(Context& context, const OpTable& ops);
  Out norm_squared() const { return norm_squared_.view(); }  // (1) f64
  // Clips by norm_squared() and applies AdamW to what this rank owns, unless the norm is not finite;
  // count_step() follows once that is known.
  void optimizer_step(Context& context, const OpTable& ops, double lr);
  void count_step();
  // Every rank's weights from their owners: collective over `data` (null: one rank).
  void share_weights(Context& context, Communicator* data);

  // Reads what this rank owns; refresh_working() completes the rest.
  void load(Device& device, Context& context, const LoadPlan& plan);
  // The working copies of the owned masters, and all ranks': collective over `data`.
  void refresh_working(Context& context, const OpTable& ops, Communicator* data);

  // The elements of a parameter's box, row-major, that this rank applies the optimizer to.
  Range owned(const Parameter& parameter) const;
  bool holds(const std::string& name) const;
  // Of the ranks that hold and own the same elements, this is the one that speaks for them.
  bool counts(const Parameter& parameter) const;
  // The first owned element of a parameter's master or moments.
  Out state(const Parameter& parameter, StateKind kind) const;
  Out gradient(const Parameter& parameter) const;
  DType moment_dtype() const { return moment_type_; }

 private:
  void lend_gradients();
  void check_against(const EngineSpec& spec) const;

  ComputeTypes types_;
  DType moment_type_;
  ParameterLayout layout_;
  int64_t data_rank_;
  bool is_first_;
  std::unordered_set<std::string> names_;  // of the whole model's parameters
  std::vector<ParameterSpec> specs_;       // in the layout's order
  std::vector<int64_t> steps_;             // optimizer steps of each parameter
  double beta1_, beta2_, eps_, clip_grad_;
  // Those of products, where they are held in int8: matrices_ has only the tables then.
  std::optional<Int8Matrices> int8_;
  // The matrices as they are read by products, whole; masters of the owned part, where those are not the
  // same.
  DeviceBuffer matrices_, matrix_masters_, matrix_grads_, vectors_, vector_grads_;
  DeviceBuffer matrix_moments_[2], vector_moments_[2];
  DeviceBuffer norm_squared_, control_;
  LentMemory lent_;
  std::vector<Range> gaps_;  // of matrix_grads_: between its tensors; not zero any more where it is lent
  std::vector<AdamwTensor> tensors_;
  StageWeights weights_;
};

}  // namespace flm
