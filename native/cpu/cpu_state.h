#pragma once
// What the CPU backend keeps between ops.
#include <memory>

#include "core/context.h"
#include "cpu/isa.h"
#include "cpu/thread_pool.h"

namespace flm::cpu {

struct CpuState final : BackendState {
  CpuState(int num_threads, Isa isa) : team(std::make_shared<ThreadPool>(num_threads)), isa(isa) {}

  std::shared_ptr<ThreadPool> team;  // the device zeroes memory with it, and may live longer
  ThreadPool& pool = *team;
  Isa isa;
};

inline CpuState& state_of(const Context& context) { return static_cast<CpuState&>(*context.state); }

// Ops whose workspace grows with the team ask here; results must not depend on it.
inline int num_threads(const Context& context) { return state_of(context).pool.size(); }

}  // namespace flm::cpu
