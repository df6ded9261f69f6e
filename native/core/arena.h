#pragma once
// One allocation for all activations of a stage, handed out like a stack. In measuring mode it only counts,
// so that the same model code first plans its memory and then uses it.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/error.h"
#include "core/tensor.h"

namespace flm {

class Arena {
 public:
  static constexpr size_t kAlign = 256;

  Arena() = default;  // measuring
  Arena(void* memory, size_t bytes) : base_(static_cast<char*>(memory)), capacity_(bytes) {}

  bool measuring() const { return base_ == nullptr; }

  Out take(int64_t elements, DType dtype) {
    const size_t bytes = (size_t(elements) * size_of(dtype) + kAlign - 1) / kAlign * kAlign;
    // A made-up address, aligned and never null, while nothing is there yet.
    void* memory = measuring() ? reinterpret_cast<void*>(kAlign + used_) : base_ + used_;
    used_ += bytes;
    peak_ = std::max(peak_, used_);
    FLM_CHECK(measuring() || used_ <= capacity_, ErrorCode::internal,
              "the activation arena was planned with ", capacity_, " bytes and ", used_, " are asked for");
    return {memory, dtype};
  }

  size_t mark() const { return used_; }
  void release(size_t mark) { used_ = mark; }
  size_t peak() const { return peak_; }

 private:
  char* base_ = nullptr;
  size_t capacity_ = 0, used_ = 0, peak_ = 0;
};

// Gives back what was taken in a scope.
class ArenaScope {
 public:
  explicit ArenaScope(Arena& arena) : arena_(arena), mark_(arena.mark()) {}
  ~ArenaScope() { arena_.release(mark_); }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena& arena_;
  size_t mark_;
};

}  // namespace flm
