#include "src/shared_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

#include "cuda/launch_shape.h"
#include "src/block.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define FLM_POISON(p, n) __asan_poison_memory_region(p, n)
#define FLM_UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define FLM_POISON(p, n) (void)0
#define FLM_UNPOISON(p, n) (void)0
#endif

namespace flm::emu {
namespace {
constexpr unsigned char kGuardByte = 0xA5, kFreshByte = 0xFF;  // 0xFF...: a NaN as f32, as bf16 and as f64
constexpr size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }
}  // namespace

SharedMemory::SharedMemory() {
  void* memory =
      mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(memory);
}

SharedMemory::~SharedMemory() {
  FLM_UNPOISON(base_, kCapacity);
  munmap(base_, kCapacity);
}

void SharedMemory::begin(size_t dynamic_bytes) {
  regions_.clear();
  used_ = fixed_bytes_ = 0;
  dynamic_bytes_ = dynamic_bytes;
  FLM_POISON(base_, kCapacity);
}

void* SharedMemory::add(const void* key, size_t bytes, size_t offset, const char* name) {
  const size_t at = used_ + kGuard, end = round_up(at + bytes, kGuard);
  if (end + kGuard > kCapacity) current_block->fault("too many shared arrays for the emulation");
  FLM_UNPOISON(base_ + used_, end + kGuard - used_);
  memset(base_ + used_, kGuardByte, kGuard);
  memset(base_ + at, kFreshByte, bytes);
  memset(base_ + at + bytes, kGuardByte, end + kGuard - at - bytes);
  FLM_POISON(base_ + used_, kGuard);
  FLM_POISON(base_ + at + bytes, end + kGuard - at - bytes);
  used_ = end;
  regions_.push_back({key, at, bytes, offset, name});
  return base_ + at;
}

void* SharedMemory::fixed(const void* key, size_t bytes, const char* name) {
  for (const Region& r : regions_)
    if (r.key == key) return base_ + r.at;
  fixed_bytes_ += bytes;
  if (fixed_bytes_ > kStaticLimit) current_block->fault("static shared arrays take more than 48 KiB");
  if (fixed_bytes_ + dynamic_bytes_ > kBlockLimit)
    current_block->fault("static and dynamic shared memory exceed 99 KiB");
  if (dynamic_bytes_ <= cuda::kUnaskedShared && fixed_bytes_ + dynamic_bytes_ > kStaticLimit)
    current_block->fault(
        "static and dynamic shared memory exceed 48 KiB, and the launch does not ask for more");
  return add(key, bytes, 0, name);
}

void* SharedMemory::dynamic(size_t offset, size_t bytes, int ordinal) {
  static constexpr const char* kNames[] = {"dynamic array 0", "dynamic array 1", "dynamic array 2",
                                           "dynamic array 3", "dynamic array 4", "dynamic array 5",
                                           "dynamic array 6", "dynamic array 7+"};
  for (const Region& r : regions_)
    if (!r.key && r.offset == offset && r.bytes == bytes) return base_ + r.at;
  if (offset + bytes > dynamic_bytes_)
    current_block->fault("dynamic shared memory: the launch gave " + std::to_string(dynamic_bytes_) +
                         " bytes, the kernel takes " + std::to_string(offset + bytes));
  for (const Region& r : regions_)
    if (!r.key && offset < r.offset + r.bytes && r.offset < offset + bytes)
      current_block->fault("dynamic shared memory: threads cut it up differently");
  return add(nullptr, bytes, offset, kNames[ordinal < 7 ? ordinal : 7]);
}

const char* SharedMemory::name_of(const void* p, size_t* element_offset) const {
  for (const Region& r : regions_)
    if (offset_of(p) >= r.at && offset_of(p) < r.at + r.bytes)
      return *element_offset = offset_of(p) - r.at, r.name;
  return *element_offset = 0, "?";
}

std::string SharedMemory::overrun() const {
#if !defined(__SANITIZE_ADDRESS__)
  const auto touched = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i)
      if (static_cast<unsigned char>(base_[i]) != kGuardByte) return int64_t(i);
    return int64_t(-1);
  };
  for (const Region& r : regions_) {
    const size_t end = r.at + r.bytes;
    if (const int64_t at = touched(end, round_up(end, kGuard) + kGuard); at >= 0)
      return std::string("shared array '") + r.name + "' of " + std::to_string(r.bytes) +
             " bytes was written at byte " + std::to_string(at - int64_t(r.at));
    if (const int64_t at = touched(r.at - kGuard, r.at); at >= 0)
      return std::string("shared array '") + r.name + "' was written " + std::to_string(int64_t(r.at) - at) +
             " bytes before its start";
  }
#endif
  return {};
}

}  // namespace flm::emu
