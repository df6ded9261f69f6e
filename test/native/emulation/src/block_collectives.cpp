// Where the threads of a block meet: warp collectives and barriers.
#include <bit>
#include <cstring>

#include "src/async_copy.h"
#include "src/block.h"

namespace flm::emu {
namespace {

bool same_place(const Arrival& a, const Arrival& b) {
  return a.what == b.what && a.at.line() == b.at.line() && !strcmp(a.at.file_name(), b.at.file_name());
}

}  // namespace

void Block::warp_collective(const char* what, unsigned mask, void* argument, Complete complete, Where at) {
  Warp& warp = warps_[size_t(current_ >> 5)];
  const unsigned bit = 1u << (current_ & 31);
  const Arrival mine{what, mask, at};
  if (!(mask & bit)) fault(masked_place(mine) + " lacks the calling lane");
  Group& group = warp.groups[std::countr_zero(mask)];
  if (!group.arrived) {
    group.first = mine, group.complete = complete;
  } else if (group.first.mask != mask) {
    fault("lanes of one warp disagree about the mask: " + masked_place(mine) + " meets " +
          masked_place(group.first));
  } else if (!same_place(group.first, mine)) {
    fault("divergent warp collective: " + place(mine) + " meets " + place(group.first));
  }
  group.arguments[current_ & 31] = argument;
  group.arrived |= bit;
  threads_[size_t(current_)].wait = mine;
  warp.runnable &= ~bit;
  if (group.arrived == (mask & ~warp.exited)) {
    finish(group, current_ >> 5);
    if (order_ == Order::kRandom) give_way();
    return;
  }
  if (!warp.runnable) runnable_warps_ &= ~(1u << (current_ >> 5));
  give_way();
}

void Block::finish(Group& group, int warp) {
  const unsigned lanes = group.arrived;
  group.arrived = 0;
  if (group.complete) group.complete(group.arguments, lanes);
  wake(warp, lanes);
}

void Block::barrier(const char* what, Where at) {
  Warp& warp = warps_[size_t(current_ >> 5)];
  const Arrival mine{what, kAllLanes, at};
  if (!barrier_.count)
    barrier_.first = mine;
  else if (!same_place(barrier_.first, mine))
    fault("divergent barrier: this thread is at " + place(mine) + " while others wait: " + deadlock());
  ++barrier_.count;
  barrier_.arrived[current_ >> 5] |= 1u << (current_ & 31);
  threads_[size_t(current_)].wait = mine;
  warp.runnable &= ~(1u << (current_ & 31));
  if (!warp.runnable) runnable_warps_ &= ~(1u << (current_ >> 5));
  if (barrier_.count == live_) {
    release_barrier();
    if (order_ == Order::kForward) return;  // the last to come goes on first; other orders mix
  }
  give_way();
}

void Block::release_barrier() {
  ++block_epoch_;
  for (int w = 0; w < kMaxThreads / 32; ++w)
    if (barrier_.arrived[w]) wake(w, barrier_.arrived[w]), barrier_.arrived[w] = 0;
  barrier_.count = 0;
}

void Block::thread_done() {
  const int w = current_ >> 5;
  Warp& warp = warps_[size_t(w)];
  const unsigned bit = 1u << (current_ & 31);
  drop_copies(threads_[size_t(current_)].pending_copies);
  threads_[size_t(current_)].wait.what = nullptr;
  --live_;
  warp.exited |= bit;
  warp.runnable &= ~bit;
  if (!warp.runnable) runnable_warps_ &= ~(1u << w);
  // Others may have been waiting for this thread alone; an exited thread counts as arrived.
  for (Group& g : warp.groups)
    if (g.arrived && (g.first.mask & bit) && g.arrived == (g.first.mask & ~warp.exited)) finish(g, w);
  if (barrier_.count && barrier_.count == live_) release_barrier();
}

}  // namespace flm::emu
