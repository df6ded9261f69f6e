#include "src/block.h"

#include <algorithm>
#include <bit>

#include "src/async_copy.h"

namespace flm::emu {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kStack = 512 << 10;
#else
constexpr size_t kStack = 128 << 10;
#endif

struct Stop {};  // ends a thread; caught where threads start

}  // namespace

Block::Block() = default;

Block::~Block() {
  for (auto& w : workers_) fiber_destroy(w->fiber);
}

void Block::run(const Launch& launch, uint3 index, uint32_t serial) {
  launch_ = launch;
  order_ = options().order;
  serial_ = serial;
  random_ = ((options().seed * 2654435761u) ^ (serial * 40503u)) | 1u;
  live_ = int(launch.block.x * launch.block.y * launch.block.z);
  const size_t warps = size_t(live_ + 31) / 32;
  threads_.assign(size_t(live_), {});
  if (warps_.size() < warps) warps_.resize(warps);
  runnable_warps_ = 0;
  for (size_t w = 0; w < warps; ++w) {
    const int lanes = std::min(32, live_ - int(w) * 32);
    warps_[w].runnable = lanes == 32 ? kAllLanes : (1u << lanes) - 1;
    warps_[w].exited = ~warps_[w].runnable;  // lanes that were never there
    warps_[w].epoch = 0;
    runnable_warps_ |= 1u << w;
  }
  block_epoch_ = 0;
  unsigned t = 0;
  for (unsigned z = 0; z < launch.block.z; ++z)
    for (unsigned y = 0; y < launch.block.y; ++y)
      for (unsigned x = 0; x < launch.block.x; ++x) threads_[t++].index = {x, y, z};
  blockIdx = index, blockDim = launch.block, gridDim = launch.grid;
  shared_.begin(launch.dynamic_shared);
  fault_.clear();

  current_block = this;
  current_ = -1;
  enter(pick());  // comes back when all threads are done or one has failed
  current_block = nullptr;
  if (fault_.empty())
    if (const std::string text = shared_.overrun(); !text.empty()) fault_ = message(-1, text);
  if (!fault_.empty()) {
    abandon();
    throw Fault(fault_);
  }
}

// --- fibers -------------------------------------------------------------------------------------

Block::Worker* Block::free_worker() {
  if (free_.empty()) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& w = *workers_.back();
    w.block = this;
    fiber_create(w.fiber, kStack);
    fiber_prepare(w.fiber, workers_.size(), &Block::work, &w);
    free_.push_back(&w);
  }
  Worker* w = free_.back();
  free_.pop_back();
  return w;
}

void Block::work(void* worker) {
  static_cast<Worker*>(worker)->block->work_loop(*static_cast<Worker*>(worker));
}

// A worker runs thread after thread; only a thread that has to wait keeps the worker to itself. A
// kernel without barriers therefore costs no switches at all.
void Block::work_loop(Worker& self) {
  for (;;) {
    int next = -1;
    try {
      launch_.call(launch_.closure);
      thread_done();
      if (live_) next = pick();
      if (next < 0 && live_) fault(deadlock());
    } catch (const Stop&) {
      next = -1;  // the fiber that found the fault has unwound; the others are wound back by the host
    }
    if (next >= 0 && !threads_[size_t(next)].worker) {
      current_ = next;
      threads_[size_t(next)].worker = &self;
      threadIdx = threads_[size_t(next)].index;
      continue;
    }
    free_.push_back(&self);
    if (next < 0) {
      running_ = nullptr;
      fiber_switch(self.fiber, host_);
    } else {
      enter(next);
    }
  }
}

// Makes `next` the running thread; comes back when the caller's fiber is entered again.
void Block::enter(int next) {
  Fiber& from = running_ ? running_->fiber : host_;
  Thread& thread = threads_[size_t(next)];
  if (!thread.worker) thread.worker = free_worker();
  current_ = next;
  running_ = thread.worker;
  threadIdx = thread.index;
  fiber_switch(from, running_->fiber);
}

void Block::give_way() {
  const int next = pick();
  if (next < 0) fault(deadlock());
  if (next != current_) enter(next);
}

void Block::fault(const std::string& text) {
  fault_ = message(current_, text);
  throw Stop{};
}

void Block::fault_without_unwinding(const std::string& text) {
  fault_ = message(current_, text);
  Fiber& from = running_->fiber;
  running_ = nullptr;
  fiber_switch(from, host_);
  __builtin_unreachable();
}

// After a fault the fibers stand in the middle of kernels: wind all of them back.
void Block::abandon() {
  free_.clear();
  for (size_t i = 0; i < workers_.size(); ++i) {
    fiber_prepare(workers_[i]->fiber, i + 1, &Block::work, workers_[i].get());
    free_.push_back(workers_[i].get());
  }
  for (Warp& w : warps_)
    for (Group& g : w.groups) g.arrived = 0;
  barrier_ = {};
  for (Thread& t : threads_) drop_copies(t.pending_copies);
}

// --- who runs next ------------------------------------------------------------------------------

int Block::pick() {
  if (!runnable_warps_) return -1;
  const auto random_bit = [this](unsigned bits) {
    random_ ^= random_ << 13, random_ ^= random_ >> 17, random_ ^= random_ << 5;
    for (unsigned skip = random_ % unsigned(std::popcount(bits)); skip; --skip) bits &= bits - 1;
    return std::countr_zero(bits);
  };
  const auto after = [this](unsigned bits, int last) {  // the next set bit in the order's direction, cyclic
    if (order_ == Order::kReverse) {
      const unsigned below = last < 0 ? 0 : bits & ((1u << last) - 1);
      return 31 - std::countl_zero(below ? below : bits);
    }
    const unsigned above = last < 0 || last == 31 ? 0 : bits & (kAllLanes << (last + 1));
    return std::countr_zero(above ? above : bits);
  };
  if (order_ == Order::kRandom) {
    const int warp = random_bit(runnable_warps_);
    return warp * 32 + random_bit(warps_[size_t(warp)].runnable);
  }
  const int warp = current_ >= 0 ? current_ >> 5 : -1;
  if (warp >= 0 && warps_[size_t(warp)].runnable)
    return warp * 32 + after(warps_[size_t(warp)].runnable, current_ & 31);
  const int next = after(runnable_warps_, warp);
  return next * 32 + after(warps_[size_t(next)].runnable, -1);
}

void Block::wake(int warp, unsigned lanes) {
  warps_[size_t(warp)].runnable |= lanes;
  runnable_warps_ |= 1u << warp;
}

}  // namespace flm::emu
