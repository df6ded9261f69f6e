#include "src/atomics.h"

#include "src/race.h"

namespace flm::emu {
namespace {
template <class B>
B load(B* p) {
  note_atomic(p, sizeof(B));
  return __atomic_load_n(p, __ATOMIC_RELAXED);
}
template <class B>
bool exchange(B* p, B& expected, B value) {
  note_atomic(p, sizeof(B));
  return __atomic_compare_exchange_n(p, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}
}  // namespace

uint32_t atomic_load_bits(uint32_t* p) { return load(p); }
uint64_t atomic_load_bits(uint64_t* p) { return load(p); }
bool atomic_exchange_bits(uint32_t* p, uint32_t& expected, uint32_t value) {
  return exchange(p, expected, value);
}
bool atomic_exchange_bits(uint64_t* p, uint64_t& expected, uint64_t value) {
  return exchange(p, expected, value);
}

}  // namespace flm::emu
