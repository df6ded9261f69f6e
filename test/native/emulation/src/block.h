#pragma once
// One block on one OS thread: its threads are fibers, and this class decides who runs.
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "src/fiber.h"
#include "src/launch.h"
#include "src/shared_memory.h"

// What a kernel reads as threadIdx and so on: kept true at every switch.
inline constinit thread_local uint3 threadIdx{}, blockIdx{};
inline constinit thread_local dim3 blockDim{}, gridDim{};

namespace flm::emu {

using Where = std::source_location;
inline constexpr unsigned kAllLanes = 0xffffffffu;
inline constexpr int kMaxThreads = 1024;

// Where a thread waits, and for whom.
struct Arrival {
  const char* what = nullptr;
  unsigned mask = 0;
  Where at;
};

std::string place(const Arrival& a);         // "what at file:line"
std::string masked_place(const Arrival& a);  // and the mask, where it is not that of all lanes

// Runs once, in the last lane to arrive: reads and writes the arguments of all lanes, which lie on
// the stacks of the waiting fibers.
using Complete = void (*)(void* const* arguments, unsigned lanes);

class Block {
 public:
  Block();
  ~Block();

  // Host side.
  void run(const Launch& launch, uint3 index, uint32_t serial);

  // Device side, all called on a fiber of this block.
  void warp_collective(const char* what, unsigned mask, void* argument, Complete complete, Where at);
  void barrier(const char* what, Where at);          // of all threads that have not exited
  [[noreturn]] void fault(const std::string& text);  // ends the launch; the host sees a Fault
  // For the race checker: a compiler believes that __tsan_write4 and the like never throw.
  [[noreturn]] void fault_without_unwinding(const std::string& text);

  int thread() const { return current_; }
  int lane() const { return current_ & 31; }
  uint32_t serial() const { return serial_; }
  uint32_t block_epoch() const { return block_epoch_; }
  uint32_t warp_epoch(int thread) const { return warps_[thread >> 5].epoch; }
  void order_warp() { ++warps_[current_ >> 5].epoch; }  // __syncwarp orders memory, shuffles do not
  SharedMemory& shared() { return shared_; }
  void*& pending_copies() { return threads_[current_].pending_copies; }  // owned by async_copy.cpp

 private:
  struct Worker {
    Fiber fiber;
    Block* block;
  };
  struct Thread {
    Worker* worker = nullptr;  // null until it first runs
    void* pending_copies = nullptr;
    Arrival wait;
    uint3 index{};
  };
  struct Group {  // lanes of one mask on their way into one collective
    Arrival first;
    unsigned arrived = 0;
    Complete complete = nullptr;
    void* arguments[32];
  };
  struct Warp {
    unsigned runnable = 0, exited = 0;
    uint32_t epoch = 0;
    Group groups[32];  // by the lowest lane of the mask
  };
  struct Barrier {
    Arrival first;
    int count = 0;
    unsigned arrived[kMaxThreads / 32] = {};
  };

  static void work(void* worker);
  void work_loop(Worker& self);
  void thread_done();
  int pick();
  void enter(int thread);
  void give_way();
  void finish(Group& group, int warp);
  void release_barrier();
  void wake(int warp, unsigned lanes);
  Worker* free_worker();
  void abandon();
  std::string deadlock() const;
  std::string message(int thread, const std::string& text) const;  // thread -1: of the whole block

  Launch launch_{};
  SharedMemory shared_;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  Barrier barrier_;
  unsigned runnable_warps_ = 0;
  int current_ = 0, live_ = 0;
  uint32_t serial_ = 0, block_epoch_ = 0, random_ = 1;
  Order order_ = Order::kForward;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> free_;
  Fiber host_;
  Worker* running_ = nullptr;
  std::string fault_;
};

inline constinit thread_local Block* current_block = nullptr;

}  // namespace flm::emu
