#pragma once
// Loops over the thread team. Both forms split the work in a way that depends on the work alone, never on
// the number of threads, so that an op whose parts are computed alike gives the same bits on any machine
// size.
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "cpu/cpu_state.h"

namespace flm::cpu {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

namespace detail {

#ifdef FLM_CPU_X86
// `flatten` pulls the body into these functions, where the compiler may use their vector instructions: plain
// loops are vectorised for each instruction set without being written more than once.
template <class Body>
[[gnu::target(FLM_TARGET_AVX512), gnu::flatten, gnu::noinline]] void run_avx512(const Body& body,
                                                                                int64_t begin, int64_t end) {
  body(begin, end);
}

template <class Body>
[[gnu::target(FLM_TARGET_AVX2), gnu::flatten, gnu::noinline]] void run_avx2(const Body& body, int64_t begin,
                                                                            int64_t end) {
  body(begin, end);
}
#endif

}  // namespace detail

// body(begin, end), compiled for the instruction set in use. Keep its loops plain and its callees inline.
template <class Body>
void run_for_isa(Isa isa, const Body& body, int64_t begin, int64_t end) {
#ifdef FLM_CPU_X86
  if (isa >= Isa::avx512) return detail::run_avx512(body, begin, end);
  if (isa == Isa::avx2) return detail::run_avx2(body, begin, end);
#else
  (void)isa;
#endif
  body(begin, end);
}

// Calls body(begin, end) for [0, n) cut into chunks of `grain` (the last may be shorter): chunk i begins at
// i * grain. Neighbouring chunks go to the same thread. The body is compiled for each instruction set, so
// keep its loops plain and its callees inline; it must not depend on which thread runs it. Choose the grain
// so that a chunk costs some microseconds, e.g. 16 K elements of simple arithmetic.
template <class Body>
void parallel_for(Context& context, int64_t n, int64_t grain, const Body& body) {
  if (n <= 0) return;
  CpuState& state = state_of(context);
  const int64_t chunks = ceil_div(n, grain);
  const auto run_chunks = [&](int64_t first, int64_t last) {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      run_for_isa(state.isa, body, chunk * grain, std::min(n, (chunk + 1) * grain));
    }
  };
  const int64_t team = std::min<int64_t>(state.pool.size(), chunks);
  if (team == 1) return run_chunks(0, chunks);
  state.pool.run([&](int thread) {
    if (thread < team) run_chunks(chunks * thread / team, chunks * (thread + 1) / team);
  });
}

// Calls task(index, thread) for each index in [0, count), in order of index but each on whichever thread is
// free: for few and costly tasks, or tasks of unequal cost (costly ones first). `thread` is there to choose
// scratch memory. The task is not compiled for each instruction set; it calls kernels that are.
template <class Task>
void parallel_tasks(Context& context, int64_t count, const Task& task) {
  ThreadPool& pool = state_of(context).pool;
  if (count == 1 || pool.size() == 1) {
    for (int64_t index = 0; index < count; ++index) task(index, 0);
    return;
  }
  if (count <= 0) return;
  std::atomic<int64_t> next{0};
  pool.run([&](int thread) {
    for (int64_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;) task(index, thread);
  });
}

}  // namespace flm::cpu
