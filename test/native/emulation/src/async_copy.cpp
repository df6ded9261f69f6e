#include "src/async_copy.h"

#include <cstring>
#include <vector>

#include "src/block.h"
#include "src/race.h"

namespace flm::emu {
namespace {

struct Copy {
  void* to;
  const void* from;
  int bytes, valid;
};
struct Pending {
  std::vector<Copy> copies;
  std::vector<size_t> ends;  // of each committed group, as an index into copies
};

void land(const Copy& c) {
  note_read(c.from, size_t(c.valid));
  note_write(c.to, size_t(c.bytes));
  memcpy(c.to, c.from, size_t(c.valid));
  memset(static_cast<char*>(c.to) + c.valid, 0, size_t(c.bytes - c.valid));
}

Pending& mine() {
  void*& p = current_block->pending_copies();
  if (!p) p = new Pending;
  return *static_cast<Pending*>(p);
}

}  // namespace

void copy_async(void* shared, const void* global, int bytes, int valid) {
  Block& block = *current_block;
  if (!block.shared().holds(shared)) block.fault("cp.async: the destination is not in shared memory");
  if (reinterpret_cast<uintptr_t>(shared) % uintptr_t(bytes))
    block.fault("cp.async: the destination is not aligned");
  if (valid && reinterpret_cast<uintptr_t>(global) % uintptr_t(bytes))
    block.fault("cp.async: the source is not aligned");
  const Copy copy{shared, global, bytes, valid};
  if (options().async_copy == AsyncCopy::kEarly)
    land(copy);
  else
    mine().copies.push_back(copy);
}

void copy_commit() {
  if (options().async_copy == AsyncCopy::kLate) mine().ends.push_back(mine().copies.size());
}

void copy_wait(int left) {
  if (options().async_copy == AsyncCopy::kEarly) return;
  Pending& p = mine();
  if (p.ends.size() <= size_t(left)) return;
  const size_t groups = p.ends.size() - size_t(left), copies = p.ends[groups - 1];
  for (size_t i = 0; i < copies; ++i) land(p.copies[i]);
  p.copies.erase(p.copies.begin(), p.copies.begin() + long(copies));
  p.ends.erase(p.ends.begin(), p.ends.begin() + long(groups));
  for (size_t& end : p.ends) end -= copies;
}

void drop_copies(void*& pending) {
  delete static_cast<Pending*>(pending);
  pending = nullptr;
}

}  // namespace flm::emu
