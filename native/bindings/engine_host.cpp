#include "bindings/engine_host.h"

#include <utility>

namespace flm::bindings {

void EngineHost::create(EngineSpec spec) {
  Backend backend = make_backend(spec);
  device_ = facts_of(*backend.device, spec.device_index);
  Communicator* world = world_ ? &world_->communicator() : nullptr;
  engine_ = std::make_unique<Engine>(std::move(backend), std::move(spec), world);
  tensors_ = engine_->tensors();
  memory_bytes_ = engine_->memory_bytes();
}

void EngineHost::destroy() {
  engine_.reset();
  memory_bytes_ = 0;
}

std::map<std::string, Trace::Row> EngineHost::trace(Engine& engine, bool on) {
  auto rows = trace_.rows();
  trace_.clear();
  engine.set_trace(on ? &trace_ : nullptr);
  return rows;
}

Engine& EngineHost::usable_engine() {
  FLM_CHECK(engine_, ErrorCode::invalid_argument, "the engine has been closed");
  FLM_CHECK(poison_.empty(), ErrorCode::engine_poisoned,
            "the engine cannot be used after a fault; close it and resume from a checkpoint. The fault was: ",
            poison_);
  return *engine_;
}

void EngineHost::poison_if_fatal(const Error& error) {
  switch (error.code()) {
    case ErrorCode::device_fault:
    case ErrorCode::comm_timeout:
    case ErrorCode::comm_peer_lost:
    case ErrorCode::comm_mismatch:
      poison_ = error.what();
      break;
    default:
      break;
  }
}

}  // namespace flm::bindings
