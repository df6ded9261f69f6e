#pragma once
// A fiber is a machine stack that can be left and entered again. Fibers never leave their OS thread:
// compilers cache the addresses of thread_local variables across calls.
#include <cstddef>

namespace flm::emu {

struct Fiber {
  void* stack_pointer = nullptr;  // where the fiber stands while it does not run
  const void* stack = nullptr;    // lowest usable address; of the host's stack it is learnt from ASan
  size_t stack_size = 0;
  void* fake_stack = nullptr;  // ASan's use-after-return frames of this fiber
};

void fiber_create(Fiber& fiber, size_t stack_size);  // maps a stack with a guard page
// (Re)winds it to its start; `index` staggers the hot frames of fibers over the cache.
void fiber_prepare(Fiber& fiber, size_t index, void (*entry)(void*), void* argument);
void fiber_destroy(Fiber& fiber);

// Leaves `from`, enters `to`; returns when somebody enters `from` again.
void fiber_switch(Fiber& from, Fiber& to);

}  // namespace flm::emu
