#pragma once
// What the CPU backend keeps between ops.
#include "core/context.h"
#include "cpu/isa.h"
#include "cpu/thread_pool.h"

namespace flm::cpu {

struct CpuState final : BackendState {
  CpuState(int num_threads, Isa isa) : pool(num_threads), isa(isa) {}

  ThreadPool pool;
  Isa isa;
};

inline CpuState& state_of(const Context& context) { return static_cast<CpuState&>(*context.state); }

// Ops whose workspace grows with the team ask here; results must not depend on it.
inline int num_threads(const Context& context) { return state_of(context).pool.size(); }

}  // namespace flm::cpu
