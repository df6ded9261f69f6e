#pragma once
// What a launch is, how the host starts one, and how the emulation is told to misbehave in useful ways.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "src/vector_types.h"

namespace flm::emu {

// A broken rule of the execution model: divergent barrier, deadlock, bad mask, shared memory overrun, race.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Which runnable thread goes on. A right kernel gives equal bits under each.
enum class Order { kForward, kReverse, kRandom };
// When an asynchronous copy lands: as soon as it is issued, or only when it is waited for.
enum class AsyncCopy { kLate, kEarly };

struct Options {
  Order order = Order::kForward;            // FLM_EMU_ORDER = forward | reverse | random
  uint32_t seed = 1;                        // FLM_EMU_SEED
  AsyncCopy async_copy = AsyncCopy::kLate;  // FLM_EMU_ASYNC_COPY = late | early
  int os_threads = 0;                       // FLM_EMU_THREADS; 0: as many as cores, 1 under the race checker
};
Options& options();

struct Launch {
  const char* kernel;
  dim3 grid, block;
  size_t dynamic_shared;
  void (*call)(void*);
  void* closure;
};
void run_grid(const Launch& launch);  // returns when every block is done; throws Fault

template <class... P, class... A>
void launch(const char* name, void (*kernel)(P...), dim3 grid, dim3 block, size_t dynamic_shared, const void*,
            A&&... a) {
  struct Closure {
    void (*kernel)(P...);
    std::tuple<P...> parameters;
  } closure{kernel, std::tuple<P...>(static_cast<P>(std::forward<A>(a))...)};
  run_grid(
      {name, grid, block, dynamic_shared,
       [](void* c) { std::apply(static_cast<Closure*>(c)->kernel, static_cast<Closure*>(c)->parameters); },
       &closure});
}

}  // namespace flm::emu
