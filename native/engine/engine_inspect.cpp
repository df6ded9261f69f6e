// What tests see of an engine.
#include <algorithm>

#include "engine/engine_impl.h"
#include "engine/host_values.h"

namespace flm {

namespace {

// Where element i of a rank's box lies in the whole tensor.
int64_t global_index(const Parameter& p, int64_t i) {
  return (p.box.row_begin + i / p.box.col_count) * p.cols + p.box.col_begin + i % p.box.col_count;
}

// A tensor of the whole model with what this rank owns of it, from `read`, and zero elsewhere.
std::vector<double> owned_of(const EngineSpec& spec, const ParameterStore& store, Device& device,
                             const std::string& tensor, const std::function<Out(const Parameter&)>& read) {
  const auto whole = std::find_if(spec.parameters.begin(), spec.parameters.end(),
                                  [&](const ParameterSpec& p) { return p.name == tensor; });
  FLM_CHECK(whole != spec.parameters.end(), ErrorCode::invalid_argument, "this model has no parameter named ",
            tensor);
  std::vector<double> values(size_t(whole->rows * whole->cols));
  if (!store.holds(tensor)) return values;
  const Parameter& p = store.layout().find(tensor);
  const Range owned = store.owned(p);
  if (!store.counts(p) || owned.count == 0) return values;
  const std::vector<double> part = download(device, read(p), owned.count);
  for (int64_t i = 0; i < owned.count; ++i)
    values[size_t(global_index(p, owned.begin + i))] = part[size_t(i)];
  return values;
}

}  // namespace

std::vector<double> Engine::read_gradient(const std::string& tensor) {
  Impl& e = *impl_;
  return owned_of(e.spec, e.store, e.device, tensor,
                  [&](const Parameter& p) { return e.store.gradient(p).at(e.store.owned(p).begin); });
}

std::vector<double> Engine::read_state(const std::string& tensor, StateKind kind) {
  Impl& e = *impl_;
  return owned_of(e.spec, e.store, e.device, tensor,
                  [&](const Parameter& p) { return e.store.state(p, kind); });
}

void Engine::write_master(const std::string& tensor, const std::vector<double>& values) {
  Impl& e = *impl_;
  if (!e.store.holds(tensor)) return;
  const Parameter& p = e.store.layout().find(tensor);
  FLM_CHECK(int64_t(values.size()) == p.rows * p.cols, ErrorCode::invalid_argument, tensor, " has ",
            p.rows * p.cols, " elements, given were ", values.size());
  const Range owned = e.store.owned(p);
  std::vector<double> part;
  for (int64_t i = owned.begin; i < owned.end(); ++i) part.push_back(values[size_t(global_index(p, i))]);
  if (!part.empty()) upload(e.device, e.store.state(p, StateKind::master), part);
  e.store.refresh_working(e.context, *e.backend.ops, e.groups.data.get());
  e.device.synchronize(e.context.stream);
}

std::vector<double> Engine::logits(const std::vector<int32_t>& tokens, const Ramp& ramp, bool force_masks) {
  Impl& e = *impl_;
  FLM_CHECK(int64_t(tokens.size()) <= e.spec.shape.seq_length, ErrorCode::invalid_argument,
            "the sequence has ", tokens.size(), " tokens, seq_length is ", e.spec.shape.seq_length);
  FLM_CHECK(e.is_whole(), ErrorCode::not_supported, "logits are read on one rank, this engine is one of ",
            e.spec.mesh.size());
  const TokenBatch batch = e.stage_sequence(tokens);
  const DeviceBuffer logits(e.device, e.N * e.spec.shape.vocab_size, e.types.compute);
  Arena arena = e.activation_arena();
  const Run run = e.make_run(e.context, arena, e.masks.at(ramp, force_masks));
  const int64_t size = e.N * e.spec.shape.hidden_size;
  const Out x = run.take(size), spare = run.take(size);
  logits_of(run, logits.view(), chunk_forward_only(run, e.chunks[0], x, spare, batch), batch);
  return download(e.device, logits.view(), int64_t(tokens.size()) * e.spec.shape.vocab_size);
}

}  // namespace flm
