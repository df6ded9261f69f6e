#include "engine/parameter_store.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "engine/host_values.h"
#include "engine/transfer.h"

namespace flm {

ParameterStore::ParameterStore(const Backend& backend, const EngineSpec& spec, ComputeTypes types)
    : types_(types),
      layout_(parameter_layout(spec.shape)),
      specs_(spec.parameters),
      steps_(layout_.parameters.size(), 0),
      beta1_(spec.adam_beta1),
      beta2_(spec.adam_beta2),
      eps_(spec.adam_eps),
      clip_grad_(spec.clip_grad) {
  check_against(spec);
  Device& device = *backend.device;
  const Stream stream = device.stream(StreamRole::compute);
  const auto make = [&](DType dtype) {
    DeviceBuffer buffer(device, layout_.total, dtype);
    buffer.fill_zero(stream);  // the padding between tensors stays zero for good
    return buffer;
  };
  master_ = make(types.stat);
  if (types.compute != types.stat) working_ = make(types.compute);
  if (spec.trainable) {
    grad_ = make(types.stat);
    exp_avg_ = make(types.stat);
    exp_avg_sq_ = make(types.stat);
    norm_squared_ = DeviceBuffer(device, 1, DType::f64);
    control_ = DeviceBuffer(device, 2, types.stat);
  }
  const In working = types.compute != types.stat ? In(working_.view()) : In(master_.view());
  weights_ = stage_weights(spec.shape, layout_, working, master_.view(), grad_.view());
}

void ParameterStore::check_against(const EngineSpec& spec) const {
  const auto& ours = layout_.parameters;
  FLM_CHECK(spec.parameters.size() == ours.size(), ErrorCode::invalid_argument, "the spec lists ",
            spec.parameters.size(), " parameters, the model has ", ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const ParameterSpec& theirs = spec.parameters[i];
    FLM_CHECK(theirs.name == ours[i].name && theirs.rows == ours[i].rows && theirs.cols == ours[i].cols,
              ErrorCode::invalid_argument, "parameter ", i, " of the spec is ", theirs.name, " [",
              theirs.rows, ", ", theirs.cols, "], the model has ", ours[i].name, " [", ours[i].rows, ", ",
              ours[i].cols, "]");
  }
}

size_t ParameterStore::bytes() const {
  return master_.bytes() + working_.bytes() + grad_.bytes() + exp_avg_.bytes() + exp_avg_sq_.bytes();
}

Out ParameterStore::state(const Parameter& parameter, StateKind kind) const {
  const DeviceBuffer& buffer = kind == StateKind::master    ? master_
                               : kind == StateKind::exp_avg ? exp_avg_
                                                            : exp_avg_sq_;
  FLM_CHECK(buffer.view(), ErrorCode::invalid_argument, parameter.name,
            " has no optimizer state: the engine was made without training");
  return buffer.view().at(parameter.offset);
}

Out ParameterStore::gradient(const Parameter& parameter) const {
  FLM_CHECK(grad_.view(), ErrorCode::invalid_argument, parameter.name,
            " has no gradient: the engine was made without training");
  return grad_.view().at(parameter.offset);
}

void ParameterStore::optimizer_step(Context& context, const OpTable& ops, double lr) {
  // The whole flat buffer at once: padding is zero and adds nothing.
  const In grads = grad_.view();
  ops.norm_squared(context,
                   {.total = norm_squared_.view(), .tensors = &grads, .sizes = &layout_.total, .count = 1});
  ops.clip(context,
           {.control = control_.view(), .norm_squared = norm_squared_.view(), .max_norm = clip_grad_});
  tensors_.clear();
  for (size_t i = 0; i < layout_.parameters.size(); ++i) {
    const Parameter& p = layout_.parameters[i];
    const double step = double(steps_[i] + 1);
    const bool copied = working_.view() && p.is_matrix;
    tensors_.push_back({.master = state(p, StateKind::master),
                        .exp_avg = state(p, StateKind::exp_avg),
                        .exp_avg_sq = state(p, StateKind::exp_avg_sq),
                        .working = copied ? working_.view().at(p.offset) : Out{},
                        .grad = gradient(p),
                        .size = p.size(),
                        .lr = lr * specs_[i].lr_mult,
                        .weight_decay = specs_[i].weight_decay,
                        .bias_correction1 = 1 - std::pow(beta1_, step),
                        .bias_correction2 = 1 - std::pow(beta2_, step)});
  }
  ops.adamw(context, {.tensors = tensors_.data(),
                      .count = int64_t(tensors_.size()),
                      .control = control_.view(),
                      .beta1 = beta1_,
                      .beta2 = beta2_,
                      .eps = eps_});
}

void ParameterStore::count_step() {
  for (int64_t& step : steps_) ++step;
}

void ParameterStore::refresh_working(Context& context, const OpTable& ops) {
  if (working_.view()) ops.cast(context, {.y = working_.view(), .x = master_.view(), .n = layout_.total});
}

void ParameterStore::load(Device& device, Context& context, const OpTable& ops, const LoadPlan& plan) {
  std::unordered_map<std::string, size_t> index;
  for (size_t i = 0; i < layout_.parameters.size(); ++i) index[layout_.parameters[i].name] = i;
  const auto find = [&](const std::string& name) {
    const auto at = index.find(name);
    FLM_CHECK(at != index.end(), ErrorCode::invalid_argument, "the load plan names ", name,
              ", which this model does not have");
    return at->second;
  };

  std::vector<uint8_t> has_master(layout_.parameters.size(), 0);
  exp_avg_.fill_zero(context.stream);
  exp_avg_sq_.fill_zero(context.stream);
  std::vector<unsigned char> host;
  for (const Move& move : plan.moves) {
    const size_t i = find(move.tensor);
    const Parameter& p = layout_.parameters[i];
    if (move.kind == StateKind::master)
      has_master[i] = 1;
    else if (!grad_.view())
      continue;  // moments of a model that is only evaluated
    const Out to = state(p, move.kind);
    host.resize(size_t(p.size()) * size_of(to.dtype));
    fill_tensor(move, plan, p.rows, p.cols, {0, p.rows, 0, p.cols}, {host.data(), to.dtype});
    device.copy(to.data, host.data(), host.size(), CopyKind::host_to_device, context.stream);
    device.synchronize(context.stream);
  }
  for (size_t i = 0; i < has_master.size(); ++i)
    FLM_CHECK(has_master[i], ErrorCode::invalid_argument, "the load plan has no values for ",
              layout_.parameters[i].name);
  std::fill(steps_.begin(), steps_.end(), 0);
  for (const TensorStep& step : plan.steps) steps_[find(step.tensor)] = step.step;
  refresh_working(context, ops);
  device.synchronize(context.stream);
}

}  // namespace flm
