// What -fsanitize=thread makes the compiler call. Only kernels' files are compiled that way, never this one.
#include "src/block.h"
#include "src/race.h"

namespace {

void note(flm::emu::Access access, const void* p, size_t bytes, const void* pc) {
  if (flm::emu::current_block) flm::emu::note(access, p, bytes, flm::emu::current_block->thread(), pc);
}

}  // namespace

#define FLM_TSAN_ACCESS(kind, access, n)                               \
  extern "C" void __tsan_##kind##n(void* p) {                          \
    note(flm::emu::Access::access, p, n, __builtin_return_address(0)); \
  }
#define FLM_TSAN_SIZE(n)                    \
  FLM_TSAN_ACCESS(read, kRead, n)           \
  FLM_TSAN_ACCESS(write, kWrite, n)         \
  FLM_TSAN_ACCESS(unaligned_read, kRead, n) \
  FLM_TSAN_ACCESS(unaligned_write, kWrite, n)
FLM_TSAN_SIZE(1)
FLM_TSAN_SIZE(2)
FLM_TSAN_SIZE(4)
FLM_TSAN_SIZE(8)
FLM_TSAN_SIZE(16)

extern "C" {
void __tsan_init() { flm::emu::start_race_checking(); }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void* p, unsigned long n) {
  note(flm::emu::Access::kRead, p, n, __builtin_return_address(0));
}
void __tsan_write_range(void* p, unsigned long n) {
  note(flm::emu::Access::kWrite, p, n, __builtin_return_address(0));
}
}
