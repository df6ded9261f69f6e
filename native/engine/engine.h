#pragma once
// What lives across steps on one rank: weights, optimizer state, activations' memory, the key/value cache.
// Not thread safe: all calls come from the engine's own job thread.
#include <atomic>
#include <memory>
#include <vector>

#include "core/backend.h"
#include "engine/shard_file.h"
#include "engine/spec.h"

namespace flm {

namespace data {
class TokenFile;
}

class Communicator;

// Where spec.mesh has several ranks, each has an engine, and load, save, step and evaluate are collective:
// every rank calls them with the same plan or with its share of the batch, and reports are the mesh's.
class Engine {
 public:
  // Takes the backend. `world` reaches the other ranks and outlives the engine; null for one rank. Throws
  // Error(invalid_argument) where spec.parameters disagree with spec.shape.
  Engine(Backend backend, EngineSpec spec, Communicator* world = nullptr);
  ~Engine();

  const EngineSpec& spec() const;
  const Backend& backend() const;
  std::vector<TensorInfo> tensors() const;
  size_t memory_bytes() const;  // of the device, taken by this engine

  void load(const LoadPlan& plan);
  // The files that this rank wrote. A failed write is reported after all ranks have done their part. Where
  // several ranks of a stage write, each holds one of its files in host memory.
  std::vector<SavedFile> save(const SavePlan& plan);
  // What save() would write, for write_image(): another thread can do that while training goes on.
  std::vector<FileImage> snapshot(const SavePlan& plan);
  void open_token_files(const std::vector<std::string>& paths);  // replaces the files that pieces name

  StepReport step(const StepInput& input);
  EvalReport evaluate(const EvalInput& input);
  // Of ranks that share one replica of the model all call it with the same input, and all get the same
  // report. Data-parallel replicas write apart.
  GenerateReport generate(const GenerateInput& input);
  // One sequence through the model, in order: "embedding"; of each layer i "layers.i.attention" and
  // "layers.i.ffn", what its two branches add, and "layers.i", the residual stream behind it; "logits". At
  // the open end of a ramp, on one rank.
  std::vector<ActivationRecord> activations(const std::vector<int32_t>& tokens);

  // For tests: gradients of the last step (before clipping) and current values of a whole tensor, stat type,
  // row-major. Of several ranks each gives what it owns, and zero elsewhere.
  std::vector<double> read_gradient(const std::string& tensor);
  std::vector<double> read_state(const std::string& tensor, StateKind kind);
  void write_master(const std::string& tensor, const std::vector<double>& values);
  // Logits of every position of one sequence, (tokens, vocab_size); one rank.
  std::vector<double> logits(const std::vector<int32_t>& tokens, const Ramp& ramp, bool force_masks = false);

  // Set from any thread: the running step, evaluation or generation ends with Error(cancelled) at its next
  // micro-batch or token; nothing has been changed then. Several ranks can only be stopped together:
  // StepInput::stop.
  void set_cancel_flag(const std::atomic<bool>* flag);
  // Wall time by op of the steps since tracing was switched on.
  void set_trace(Trace* trace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flm
