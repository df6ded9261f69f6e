#include "src/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(__x86_64__) && !defined(FLM_EMU_UCONTEXT)
#define FLM_EMU_UCONTEXT 1  // portable and about 30 times slower
#endif

#if defined(FLM_EMU_UCONTEXT)
#include <ucontext.h>
#else
// System V x86-64: what a callee must keep is all that a voluntary switch has to keep. Kernels do
// not change the floating-point control words, so these stay.
extern "C" void flm_emu_switch(void** save, void* load);
extern "C" void flm_emu_start();
asm(R"(
.text
.globl flm_emu_switch
.type flm_emu_switch, @function
flm_emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size flm_emu_switch, .-flm_emu_switch
.globl flm_emu_start
.type flm_emu_start, @function
flm_emu_start:
  .cfi_startproc
  .cfi_undefined rip
  movq %r13, %rdi
  callq *%r12
  ud2
  .cfi_endproc
.size flm_emu_start, .-flm_emu_start
)");
#endif

namespace flm::emu {
namespace {

thread_local Fiber* left = nullptr;  // the fiber this OS thread came from

void arrived([[maybe_unused]] Fiber& self) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(self.fake_stack, &left->stack, &left->stack_size);
#endif
}

struct Start {
  void (*entry)(void*);
  void* argument;
  Fiber* fiber;
};

void start(void* start) {
  const Start s = *static_cast<Start*>(start);
  arrived(*s.fiber);
  s.entry(s.argument);
  abort();  // entries never return
}

size_t page() { return size_t(sysconf(_SC_PAGESIZE)); }

}  // namespace

void fiber_create(Fiber& fiber, size_t stack_size) {
  const size_t bytes = stack_size + page();
  void* memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page(), PROT_NONE) != 0) throw std::bad_alloc();
  fiber.stack = static_cast<char*>(memory) + page();
  fiber.stack_size = stack_size;
}

void fiber_destroy(Fiber& fiber) {
  if (fiber.stack)
    munmap(static_cast<char*>(const_cast<void*>(fiber.stack)) - page(), fiber.stack_size + page());
  fiber = {};
}

void fiber_prepare(Fiber& fiber, size_t index, void (*entry)(void*), void* argument) {
  char* top = static_cast<char*>(const_cast<void*>(fiber.stack)) + fiber.stack_size;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(fiber.stack, fiber.stack_size);  // an abandoned fiber leaves red zones behind
  fiber.fake_stack = nullptr;
#endif
  // Without this offset every fiber's hot frame falls on the same cache sets.
  top -= (index % 61) * 256;
  top -= sizeof(Start);
  top = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t(63));
  auto* s = new (top) Start{entry, argument, &fiber};
#if defined(FLM_EMU_UCONTEXT)
  top -= sizeof(ucontext_t) + 64;
  top = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t(63));
  auto* context = new (top) ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = const_cast<void*>(fiber.stack);
  context->uc_stack.ss_size = size_t(top - static_cast<const char*>(fiber.stack)) & ~size_t(15);
  context->uc_link = nullptr;
  makecontext(context, reinterpret_cast<void (*)()>(+[](unsigned high, unsigned low) {
                start(reinterpret_cast<void*>(uintptr_t(high) << 32 | low));
              }),
              2, unsigned(uintptr_t(s) >> 32), unsigned(uintptr_t(s)));
  fiber.stack_pointer = context;
#else
  // flm_emu_start must find a stack pointer that 16 divides; a stack off by 8 fails at the first movaps.
  auto** frame = reinterpret_cast<void**>(top);
  *--frame = reinterpret_cast<void*>(&flm_emu_start);
  *--frame = nullptr;                          // rbp
  *--frame = nullptr;                          // rbx
  *--frame = reinterpret_cast<void*>(&start);  // r12
  *--frame = s;                                // r13
  *--frame = nullptr;                          // r14
  *--frame = nullptr;                          // r15
  fiber.stack_pointer = frame;
#endif
}

void fiber_switch(Fiber& from, Fiber& to) {
  left = &from;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_size);
#endif
#if defined(FLM_EMU_UCONTEXT)
  ucontext_t here;
  from.stack_pointer = &here;
  swapcontext(&here, static_cast<ucontext_t*>(to.stack_pointer));
#else
  flm_emu_switch(&from.stack_pointer, to.stack_pointer);
#endif
  arrived(from);
}

}  // namespace flm::emu
