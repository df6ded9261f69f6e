#pragma once
// Atomics, out of line: the race checker's compiler flag would turn inline ones into calls of its library.
#include <bit>
#include <cstdint>
#include <type_traits>

namespace flm::emu {

uint32_t atomic_load_bits(uint32_t* p);
uint64_t atomic_load_bits(uint64_t* p);
bool atomic_exchange_bits(uint32_t* p, uint32_t& expected,
                          uint32_t value);  // false: `expected` is now what is there
bool atomic_exchange_bits(uint64_t* p, uint64_t& expected, uint64_t value);

template <class T>
using AtomicBits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <class T>
T atomic_load(T* p) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  return std::bit_cast<T>(atomic_load_bits(reinterpret_cast<AtomicBits<T>*>(p)));
}
template <class T>
bool atomic_exchange_if(T* p, T& expected, T value) {
  auto bits = std::bit_cast<AtomicBits<T>>(expected);
  const bool done =
      atomic_exchange_bits(reinterpret_cast<AtomicBits<T>*>(p), bits, std::bit_cast<AtomicBits<T>>(value));
  expected = std::bit_cast<T>(bits);
  return done;
}

}  // namespace flm::emu
