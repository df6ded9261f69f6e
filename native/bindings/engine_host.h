#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/devices.h"
#include "bindings/worker.h"
#include "bindings/world_host.h"
#include "core/pulse.h"
#include "core/trace.h"
#include "engine/engine.h"

namespace flm::bindings {

// An engine on its thread. It is made, used and destroyed there.
class EngineHost final : public Worker {
 public:
  // `world` reaches the mesh's other ranks; null for one rank.
  explicit EngineHost(std::shared_ptr<WorldHost> world) : world_(std::move(world)) {}
  ~EngineHost() override { shut_down(); }

  // On the engine's thread.
  void create(EngineSpec spec);
  void destroy();
  // Runs body(engine). After a fault of the device or of the communication the state of engine and peers is
  // unknown: every later call throws Error(engine_poisoned).
  template <class Body>
  auto use(const CancelFlag& cancel, Body&& body) {
    const pulse::Job running;
    Engine& engine = usable_engine();
    const FlagScope scope(engine, cancel);
    try {
      auto result = body(engine);
      memory_bytes_ = engine.memory_bytes();
      return result;
    } catch (const Error& error) {
      poison_if_fatal(error);
      throw;
    }
  }
  // The rows gathered since the last call; then goes on, or stops, tracing.
  std::map<std::string, Trace::Row> trace(Engine& engine, bool on);

  // From any thread. Fixed once create() has returned, but for the memory.
  const DeviceFacts& device() const { return device_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  size_t memory_bytes() const { return memory_bytes_; }

 private:
  class FlagScope {
   public:
    FlagScope(Engine& engine, const CancelFlag& cancel) : engine_(engine) {
      engine_.set_cancel_flag(&cancel);
    }
    ~FlagScope() { engine_.set_cancel_flag(nullptr); }
    FlagScope(const FlagScope&) = delete;
    FlagScope& operator=(const FlagScope&) = delete;

   private:
    Engine& engine_;
  };

  void dispose() override { destroy(); }
  Engine& usable_engine();
  void poison_if_fatal(const Error& error);

  std::shared_ptr<WorldHost> world_;  // before the engine, which uses it
  Trace trace_;
  std::unique_ptr<Engine> engine_;
  std::string poison_;  // the fault's message, once there was one
  DeviceFacts device_;
  std::vector<TensorInfo> tensors_;
  std::atomic<size_t> memory_bytes_ = 0;
};

}  // namespace flm::bindings
