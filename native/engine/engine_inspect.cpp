// What an engine lets others see of its inside.
#include <algorithm>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/host_values.h"
#include "model/embedding.h"

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

void check_readable(const EngineSpec& spec, const std::vector<int32_t>& tokens, const char* what) {
  FLM_CHECK(!tokens.empty() && int64_t(tokens.size()) <= spec.shape.seq_length, ErrorCode::invalid_argument,
            "the sequence has ", tokens.size(), " tokens, seq_length is ", spec.shape.seq_length);
  for (const int32_t token : tokens)
    FLM_CHECK(token >= 0 && token < spec.shape.vocab_size, ErrorCode::invalid_argument, "token ", token,
              " is not in the vocabulary of ", spec.shape.vocab_size);
  FLM_CHECK(spec.mesh.size() == 1, ErrorCode::not_supported, what,
            " are read on one rank, this engine is one of ", spec.mesh.size());
}

std::vector<float> difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
  return result;
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
  check_readable(e.spec, tokens, "logits");
  const TokenBatch batch = e.stage_sequence(tokens);
  const DeviceBuffer logits(e.device, e.N * e.spec.shape.vocab_size, e.types.compute);
  Arena arena = e.activation_arena();
  const Run run = e.make_run(e.context, arena, e.masks.at(ramp, force_masks));
  const int64_t size = e.N * e.spec.shape.hidden_size;
  const Out x = run.take(size), spare = run.take(size);
  logits_of(run, logits.view(), chunk_forward_only(run, e.chunks[0], x, spare, batch), batch);
  return download(e.device, logits.view(), int64_t(tokens.size()) * e.spec.shape.vocab_size);
}

std::vector<ActivationRecord> Engine::activations(const std::vector<int32_t>& tokens) {
  Impl& e = *impl_;
  check_readable(e.spec, tokens, "activations");
  const TokenBatch batch = e.stage_sequence(tokens);
  const int64_t C = e.spec.shape.hidden_size, V = e.spec.shape.vocab_size;
  const DeviceBuffer streams[] = {{e.device, e.N * C, e.types.compute}, {e.device, e.N * C, e.types.compute}};
  const DeviceBuffer logits(e.device, e.N * V, e.types.compute);
  Arena arena = e.activation_arena();
  const Run run = e.make_run(e.context, arena, e.masks.at({}, false));
  const auto read = [&](In from, int64_t cols) {
    const std::vector<double> values = download(e.device, from, int64_t(tokens.size()) * cols);
    return std::vector<float>(values.begin(), values.end());
  };

  Out x = streams[0].view(), y = streams[1].view();
  embed_fwd(run, x, batch);
  std::vector<float> stream = read(x, C);
  std::vector<ActivationRecord> all = {{"embedding", C, stream}};
  for (int64_t layer = 0; layer < e.spec.shape.num_layers; ++layer) {
    const ArenaScope scope(arena);
    const BlockActivations block = take_block(run, e.N);
    block_fwd(run, layer, block, y, x, batch);
    const std::vector<float> mid = read(block.mid, C), out = read(y, C);
    const std::string name = "layers." + std::to_string(layer);
    all.push_back({name + ".attention", C, difference(mid, stream)});
    all.push_back({name + ".ffn", C, difference(out, mid)});
    all.push_back({name, C, out});
    stream = out;
    std::swap(x, y);
  }
  logits_of(run, logits.view(), x, batch);
  all.push_back({"logits", V, read(logits.view(), V)});
  return all;
}

}  // namespace flm
