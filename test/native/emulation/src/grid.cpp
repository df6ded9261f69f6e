// The blocks of a launch, spread over a few OS threads that stay for the life of the process.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "src/block.h"
#include "src/race.h"

namespace flm::emu {
namespace {

Options from_environment() {
  Options o;
  const auto is = [](const char* name, const char* value) {
    const char* v = getenv(name);
    return v && !strcmp(v, value);
  };
  if (is("FLM_EMU_ORDER", "reverse")) o.order = Order::kReverse;
  if (is("FLM_EMU_ORDER", "random")) o.order = Order::kRandom;
  if (is("FLM_EMU_ASYNC_COPY", "early")) o.async_copy = AsyncCopy::kEarly;
  if (const char* v = getenv("FLM_EMU_SEED")) o.seed = uint32_t(atoi(v));
  if (const char* v = getenv("FLM_EMU_THREADS")) o.os_threads = atoi(v);
  return o;
}

Block& block_of_this_os_thread() {
  static thread_local Block block;
  return block;
}

struct Grid {
  Launch launch;
  uint32_t first_serial;
  uint64_t blocks;
  std::atomic<uint64_t> next{0};
  std::mutex mutex;
  std::exception_ptr fault;

  void work() {
    Block& block = block_of_this_os_thread();
    for (uint64_t i; (i = next.fetch_add(1)) < blocks;) {
      const dim3 g = launch.grid;
      // Reverse order also turns the grid round: blocks may come in any order.
      const uint64_t j = options().order == Order::kReverse ? blocks - 1 - i : i;
      try {
        block.run(launch, {unsigned(j % g.x), unsigned(j / g.x % g.y), unsigned(j / g.x / g.y)},
                  first_serial + uint32_t(j));
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!fault) fault = std::current_exception();
        next = blocks;
      }
    }
  }
};

class Pool {
 public:
  explicit Pool(int others) {
    for (int i = 0; i < others; ++i) threads_.emplace_back([this] { loop(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_) t.join();
  }
  void run(Grid& grid) {
    {
      const std::lock_guard lock(mutex_);
      grid_ = &grid, ++generation_, busy_ = int(threads_.size());
    }
    wake_.notify_all();
    grid.work();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void loop() {
    uint64_t seen = 0;
    for (;;) {
      Grid* grid;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
        if (stop_) return;
        seen = generation_, grid = grid_;
      }
      grid->work();
      const std::lock_guard lock(mutex_);
      if (--busy_ == 0) idle_.notify_one();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::vector<std::thread> threads_;
  Grid* grid_ = nullptr;
  uint64_t generation_ = 0;
  int busy_ = 0;
  bool stop_ = false;
};

void check_limits(const Launch& l) {
  const uint64_t threads = uint64_t(l.block.x) * l.block.y * l.block.z;
  const auto refuse = [&](const std::string& text) {
    throw Fault("flm emulation: " + std::string(l.kernel) + ": " + text);
  };
  if (threads == 0 || threads > kMaxThreads)
    refuse("a block of " + std::to_string(threads) + " threads (1 to 1024 allowed)");
  if (l.block.z > 64) refuse("blockDim.z above 64");
  if (l.grid.x == 0 || l.grid.y == 0 || l.grid.z == 0) refuse("an empty grid");
  if (l.grid.x > 0x7fffffffu || l.grid.y > 65535 || l.grid.z > 65535)
    refuse("grid too large: y and z end at 65535");
  if (l.dynamic_shared > SharedMemory::kBlockLimit) refuse("more than 99 KiB of shared memory");
}

}  // namespace

Options& options() {
  static Options o = from_environment();
  return o;
}

void run_grid(const Launch& launch) {
  check_limits(launch);
  static uint32_t serials = 0;
  Grid grid{launch, serials + 1, uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z, {}, {}, {}};
  serials += uint32_t(grid.blocks);
  race_launch(grid.first_serial);
  static const int others = [] {
    const int wanted = race_checking()        ? 1
                       : options().os_threads ? options().os_threads
                                              : int(std::thread::hardware_concurrency());
    return wanted < 1 ? 0 : wanted - 1;
  }();
  if (others == 0 || grid.blocks == 1) {
    grid.work();
  } else {
    static Pool pool(others);
    pool.run(grid);
  }
  if (grid.fault) std::rethrow_exception(grid.fault);
}

}  // namespace flm::emu
