#include "engine/parameter_store.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/pulse.h"
#include "engine/transfer.h"

namespace flm {

ParameterStore::ParameterStore(const Backend& backend, const EngineSpec& spec, const Shard& shard,
                               ComputeTypes types)
    : types_(types),
      moment_type_(spec.state_precision == Precision::bf16 ? DType::bf16 : types.stat),
      layout_(parameter_layout(spec.shape, shard, spec.mesh.data_size)),
      data_rank_(spec.mesh.data_rank),
      is_first_(shard.is_first),
      steps_(layout_.parameters.size(), 0),
      beta1_(spec.adam_beta1),
      beta2_(spec.adam_beta2),
      eps_(spec.adam_eps),
      clip_grad_(spec.clip_grad) {
  check_against(spec);
  std::unordered_map<std::string, const ParameterSpec*> by_name;
  for (const ParameterSpec& p : spec.parameters) {
    by_name[p.name] = &p;
    names_.insert(p.name);
  }
  for (const Parameter& p : layout_.parameters) specs_.push_back(*by_name.at(p.name));

  Device& device = *backend.device;
  const Stream stream = device.stream(StreamRole::compute);
  const auto make = [&](int64_t elements, DType dtype) {
    DeviceBuffer buffer(device, elements, dtype);
    buffer.fill_zero(stream);  // the padding between tensors stays zero for good
    return buffer;
  };
  const int64_t owned = layout_.matrix_total / layout_.data_size;
  if (spec.int8_weights) int8_.emplace(device, spec, int8_layout(spec.shape, shard, layout_), types.stat);
  // Where every master is at hand and can be read in place of its copy, none is made.
  const bool copies = types.compute != types.stat && !(backend.reads_masters && layout_.data_size == 1);
  matrices_ = make(int8_ ? int8_->layout().tables_total : layout_.matrix_total,
                   spec.trainable && !copies ? types.stat : types.compute);
  vectors_ = make(layout_.vector_total, types.stat);
  if (spec.trainable) {
    if (copies) matrix_masters_ = make(owned, types.stat);
    matrix_grads_ = make(layout_.matrix_total, types.stat);
    vector_grads_ = make(layout_.vector_total, types.stat);
    for (DeviceBuffer& moments : matrix_moments_) moments = make(owned, moment_type_);
    for (DeviceBuffer& moments : vector_moments_) moments = make(layout_.vector_total, moment_type_);
    norm_squared_ = DeviceBuffer(device, 1, DType::f64);
    control_ = DeviceBuffer(device, 2, types.stat);
  }
  ParameterBuffers buffers{matrices_.view(), vectors_.view(), matrix_grads_.view(), vector_grads_.view()};
  if (int8_) {
    buffers.int8 = &int8_->layout();
    buffers.int8_values = int8_->values();
    buffers.int8_scales = int8_->scales();
  }
  weights_ = stage_weights(spec.shape, shard, layout_, buffers);
  const bool is_one_chunk = spec.mesh.pipeline_size == 1 && shard.chunks.size() == 1;
  if (spec.trainable && spec.one_micro_batch && is_one_chunk) lend_gradients();
}

void ParameterStore::check_against(const EngineSpec& spec) const {
  const auto ours = parameter_layout(spec.shape, whole_model(spec.shape)).parameters;
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
  size_t sum = int8_ ? int8_->bytes() : 0;
  for (const DeviceBuffer* buffer :
       {&matrices_, &matrix_masters_, &matrix_grads_, &vectors_, &vector_grads_, &matrix_moments_[0],
        &matrix_moments_[1], &vector_moments_[0], &vector_moments_[1]})
    sum += buffer->bytes();
  return sum;
}

Range ParameterStore::owned(const Parameter& parameter) const {
  return parameter.is_matrix ? layout_.owned(parameter, data_rank_).elements : Range{0, parameter.size()};
}

Out ParameterStore::state(const Parameter& parameter, StateKind kind) const {
  const size_t moment = kind == StateKind::exp_avg ? 0 : 1;
  const bool is_master = kind == StateKind::master;
  if (!parameter.is_matrix) {
    const Out all = (is_master ? vectors_ : vector_moments_[moment]).view();
    FLM_CHECK(all, ErrorCode::invalid_argument, parameter.name,
              " has no optimizer state: the engine was made without training");
    return all.at(parameter.offset);
  }
  FLM_CHECK(!int8_ || is_table(parameter), ErrorCode::invalid_argument, parameter.name,
            " is held in int8, which is neither saved nor changed");
  const ParameterLayout::Owned owned = layout_.owned(parameter, data_rank_);
  if (is_master && !matrix_masters_.view())
    return matrices_.view().at(parameter.offset + owned.elements.begin);
  const Out all = (is_master ? matrix_masters_ : matrix_moments_[moment]).view();
  FLM_CHECK(all, ErrorCode::invalid_argument, parameter.name,
            " has no optimizer state: the engine was made without training");
  return all.at(owned.offset);
}

Out ParameterStore::gradient(const Parameter& parameter) const {
  const Out all = (parameter.is_matrix ? matrix_grads_ : vector_grads_).view();
  FLM_CHECK(all, ErrorCode::invalid_argument, parameter.name,
            " has no gradient: the engine was made without training");
  return all.at(parameter.offset);
}

void ParameterStore::zero_gradients(Stream stream) { vector_grads_.fill_zero(stream); }

void ParameterStore::lend_gradients() {
  int64_t end = 0;
  for (const Parameter& p : layout_.parameters) {
    if (!p.is_matrix) continue;
    if (p.offset > end) gaps_.push_back({end, p.offset - end});
    end = p.offset + p.size();
  }
  if (layout_.matrix_total > end) gaps_.push_back({end, layout_.matrix_total - end});

  const auto first_of = [&](int64_t bucket) { return layout_.buckets[size_t(bucket)].begin; };
  // A head that is the embedding writes its gradient before the blocks do.
  const bool head_is_table = weights_.head.matrix.grad.data == weights_.embedding.grad.data;
  const int64_t begin = head_is_table ? first_of(layout_.block_buckets.front()) : 0;
  lent_.data = matrix_grads_.view().at(begin).data;
  for (const int64_t bucket : layout_.block_buckets)
    lent_.bytes.push_back(size_t(first_of(bucket) - begin) * size_of(types_.stat));
}

bool ParameterStore::holds(const std::string& name) const {
  return std::any_of(layout_.parameters.begin(), layout_.parameters.end(),
                     [&](const Parameter& p) { return p.name == name; });
}

bool ParameterStore::counts(const Parameter& parameter) const {
  // The tied embedding at the end of a pipeline is the first rank's, which counts it.
  const bool is_copy = parameter.name == "embedding.weight" && !is_first_;
  return parameter.replica == 0 && !is_copy && (parameter.is_matrix || data_rank_ == 0);
}

void ParameterStore::norm_squared(Context& context, const OpTable& ops) {
  std::vector<In> parts;
  std::vector<int64_t> sizes;
  const bool is_whole =
      layout_.data_size == 1 && std::all_of(layout_.parameters.begin(), layout_.parameters.end(),
                                            [&](const Parameter& p) { return counts(p); });
  if (is_whole) {
    // Padding is zero and adds nothing.
    if (!context.measuring)
      for (const Range& gap : gaps_)
        context.device->fill_zero(matrix_grads_.view().at(gap.begin).data,
                                  size_t(gap.count) * size_of(types_.stat), context.stream);
    parts = {matrix_grads_.view(), vector_grads_.view()};
    sizes = {layout_.matrix_total, layout_.vector_total};
  } else {
    for (const Parameter& p : layout_.parameters) {
      const Range range = owned(p);
      if (!counts(p) || range.count == 0) continue;
      parts.push_back(gradient(p).at(range.begin));
      sizes.push_back(range.count);
    }
  }
  ops.norm_squared(context, {.total = norm_squared_.view(),
                             .tensors = parts.data(),
                             .sizes = sizes.data(),
                             .count = int64_t(parts.size())});
}

void ParameterStore::optimizer_step(Context& context, const OpTable& ops, double lr) {
  ops.clip(context,
           {.control = control_.view(), .norm_squared = norm_squared_.view(), .max_norm = clip_grad_});
  tensors_.clear();
  for (size_t i = 0; i < layout_.parameters.size(); ++i) {
    const Parameter& p = layout_.parameters[i];
    const Range range = owned(p);
    if (range.count == 0) continue;
    const double step = double(steps_[i] + 1);
    const bool has_copy = p.is_matrix && matrix_masters_.view();
    tensors_.push_back({.master = state(p, StateKind::master),
                        .exp_avg = state(p, StateKind::exp_avg),
                        .exp_avg_sq = state(p, StateKind::exp_avg_sq),
                        .working = has_copy ? matrices_.view().at(p.offset + range.begin) : Out{},
                        .grad = gradient(p).at(range.begin),
                        .size = range.count,
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

void ParameterStore::share_weights(Context& context, Communicator* data) {
  if (data == nullptr || context.measuring) return;
  for (const Range& bucket : layout_.buckets) {
    if (int8_ && bucket.begin >= int8_->layout().tables_total) break;
    const int64_t slice = bucket.count / layout_.data_size;
    const Out all = matrices_.view().at(bucket.begin);
    data->all_gather(all, all.at(data_rank_ * slice), slice, context.stream);
  }
}

void ParameterStore::refresh_working(Context& context, const OpTable& ops, Communicator* data) {
  if (matrix_masters_.view())
    for (const Range& bucket : layout_.buckets) {
      const int64_t slice = bucket.count / layout_.data_size;
      ops.cast(context, {.y = matrices_.view().at(bucket.begin + data_rank_ * slice),
                         .x = matrix_masters_.view().at(bucket.begin / layout_.data_size),
                         .n = slice});
    }
  share_weights(context, data);
}

void ParameterStore::load(Device& device, Context& context, const LoadPlan& plan) {
  std::unordered_map<std::string, size_t> held;
  for (size_t i = 0; i < layout_.parameters.size(); ++i) held[layout_.parameters[i].name] = i;

  std::vector<uint8_t> has_master(layout_.parameters.size(), 0);
  for (const DeviceBuffer* moments :
       {&matrix_moments_[0], &matrix_moments_[1], &vector_moments_[0], &vector_moments_[1]})
    moments->fill_zero(context.stream);
  std::vector<unsigned char> host;
  for (const Move& move : plan.moves) {
    pulse::beat();
    FLM_CHECK(names_.contains(move.tensor), ErrorCode::invalid_argument, "the load plan names ", move.tensor,
              ", which this model does not have");
    const auto at = held.find(move.tensor);
    if (at == held.end()) continue;  // of another pipeline rank
    const Parameter& p = layout_.parameters[at->second];
    if (move.kind == StateKind::master)
      has_master[at->second] = 1;
    else if (!matrix_grads_.view())
      continue;  // moments of a model that is only evaluated
    if (int8_ && int8_->holds(p)) {
      int8_->load(device, context.stream, move, plan, p);
      if (!is_table(p)) continue;
    }
    const Range range = owned(p);
    if (range.count == 0) continue;
    // The rows that hold the owned elements.
    const int64_t cols = p.box.col_count, first_row = range.begin / cols;
    const Box rows{p.box.row_begin + first_row, (range.end() + cols - 1) / cols - first_row, p.box.col_begin,
                   cols};
    const Out to = state(p, move.kind);
    const size_t element = size_of(to.dtype);
    if (device.host_accessible() && rows.size() == range.count) {
      fill_tensor(move, plan, p.rows, p.cols, rows, to);
      continue;
    }
    host.resize(size_t(rows.size()) * element);
    fill_tensor(move, plan, p.rows, p.cols, rows, {host.data(), to.dtype});
    device.copy_now(to.data, host.data() + size_t(range.begin - first_row * cols) * element,
                    size_t(range.count) * element, CopyKind::host_to_device, context.stream);
  }
  for (size_t i = 0; i < has_master.size(); ++i)
    FLM_CHECK(has_master[i], ErrorCode::invalid_argument, "the load plan has no values for ",
              layout_.parameters[i].name);
  std::fill(steps_.begin(), steps_.end(), 0);
  for (const TensorStep& step : plan.steps) {
    FLM_CHECK(names_.contains(step.tensor), ErrorCode::invalid_argument, "the load plan names ", step.tensor,
              ", which this model does not have");
    const auto at = held.find(step.tensor);
    if (at != held.end()) steps_[at->second] = step.step;
  }
}

}  // namespace flm
