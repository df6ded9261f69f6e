#include "src/collectives.h"

#include <bit>

namespace flm::emu {

void exchange(void* const* lanes, unsigned arrived) {
  for (unsigned rest = arrived; rest; rest &= rest - 1) {
    auto& mine = *static_cast<Exchange*>(lanes[std::countr_zero(rest)]);
    mine.out = mine.from >= 0 && arrived >> mine.from & 1 ? static_cast<Exchange*>(lanes[mine.from])->in
                                                          : ~uint64_t(0);
  }
}

void vote(void* const* lanes, unsigned arrived) {
  unsigned votes = 0;
  for (unsigned rest = arrived; rest; rest &= rest - 1)
    if (static_cast<Vote*>(lanes[std::countr_zero(rest)])->in) votes |= rest & -rest;
  for (unsigned rest = arrived; rest; rest &= rest - 1)
    static_cast<Vote*>(lanes[std::countr_zero(rest)])->out = votes;
}

unsigned ballot(const char* what, unsigned mask, bool predicate, Where at) {
  Vote v{predicate, 0};
  current_block->warp_collective(what, mask, &v, vote, at);
  return v.out;
}

}  // namespace flm::emu
