#include "core/pulse.h"

#include <atomic>

namespace flm::pulse {
namespace {

// No memory is published through these: relaxed order is enough.
std::atomic<uint64_t> beat_count{0};
std::atomic<int> jobs{0}, waits{0};

}  // namespace

void beat() noexcept { beat_count.fetch_add(1, std::memory_order_relaxed); }
uint64_t beats() noexcept { return beat_count.load(std::memory_order_relaxed); }

bool busy() noexcept {
  return jobs.load(std::memory_order_relaxed) > 0 && waits.load(std::memory_order_relaxed) == 0;
}

Job::Job() noexcept { jobs.fetch_add(1, std::memory_order_relaxed); }
Job::~Job() {
  beat();
  jobs.fetch_sub(1, std::memory_order_relaxed);
}

Wait::Wait() noexcept { waits.fetch_add(1, std::memory_order_relaxed); }
Wait::~Wait() { waits.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace flm::pulse
