#pragma once
#include <string>
#include <vector>

#include "core/backend.h"
#include "engine/device_buffer.h"
#include "engine/spec.h"
#include "model/parameters.h"
#include "model/run.h"

namespace flm {

// Weights, gradients and optimizer state of one rank, in flat buffers of one layout.
class ParameterStore {
 public:
  // Throws Error(invalid_argument) where spec.parameters do not fit spec.shape.
  ParameterStore(const Backend& backend, const EngineSpec& spec, ComputeTypes types);

  const ParameterLayout& layout() const { return layout_; }
  const StageWeights& weights() const { return weights_; }
  size_t bytes() const;

  void zero_gradients(Stream stream) { grad_.fill_zero(stream); }
  // Clips and applies AdamW unless the gradients' norm is not finite; norm_squared() and the step counters
  // follow once the stream is empty and `applied` is known.
  void optimizer_step(Context& context, const OpTable& ops, double lr);
  void count_step();                                        // after a step that was applied
  In norm_squared() const { return norm_squared_.view(); }  // (1) f64
  size_t optimizer_workspace(Context& context, const OpTable& ops);

  void load(Device& device, Context& context, const OpTable& ops, const LoadPlan& plan);
  // Master or moments, or the gradient, of one parameter.
  Out state(const Parameter& parameter, StateKind kind) const;
  Out gradient(const Parameter& parameter) const;
  void refresh_working(Context& context, const OpTable& ops);
  DType state_dtype() const { return types_.stat; }

 private:
  void check_against(const EngineSpec& spec) const;

  ComputeTypes types_;
  ParameterLayout layout_;
  std::vector<ParameterSpec> specs_;
  std::vector<int64_t> steps_;  // optimizer steps of each parameter
  double beta1_, beta2_, eps_, clip_grad_;
  DeviceBuffer master_, grad_, exp_avg_, exp_avg_sq_, working_;
  DeviceBuffer norm_squared_, control_;
  std::vector<AdamwTensor> tensors_;
  StageWeights weights_;
};

}  // namespace flm
