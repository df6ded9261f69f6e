#include "src/race.h"

#include <dlfcn.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "src/block.h"

namespace flm::emu {
namespace {

constexpr size_t kGranule = 2;  // bytes a shadow cell stands for: the smallest type kernels share is bf16

bool checking = false;
uint32_t launch_serial = 0;

struct Mark {
  uint32_t serial = 0, block_epoch = 0, warp_epoch = 0;
  uint16_t thread = 0;
  Access access = Access::kRead;
  const void* pc = nullptr;
};
struct Cell {
  Mark write, first_read, last_read;  // two readers are enough to find a third thread's write wrong
};
struct Buffer {
  size_t bytes;
  std::string name;
  std::vector<Cell> cells;
};
std::map<const char*, Buffer> buffers;  // by address
thread_local std::vector<Cell> shared_cells;

// File and line for a code address, by binutils when they are there.
std::string place(const void* pc) {
  Dl_info info{};
  if (!dladdr(pc, &info) || !info.dli_fname) return "?";
  const auto offset = static_cast<const char*>(pc) - static_cast<const char*>(info.dli_fbase) - 1;
  char command[600], line[400] = "";
  snprintf(command, sizeof command, "addr2line -e '%s' %#lx 2>/dev/null", info.dli_fname, long(offset));
  if (FILE* f = popen(command, "r")) {
    if (!fgets(line, sizeof line, f)) line[0] = 0;
    pclose(f);
  }
  std::string text = line;
  while (!text.empty() && (text.back() == '\n' || text.back() == ')')) text.pop_back();
  if (const size_t cut = text.find(" (disc"); cut != text.npos) text.resize(cut);
  return text.substr(text.rfind('/') + 1);
}

bool same_launch(const Mark& m) { return m.serial >= launch_serial && m.serial != 0; }

// Nothing orders `before` and `now`: other blocks of the launch, or one block without a barrier between.
bool unordered(const Mark& before, const Mark& now, const Block& block) {
  if (!same_launch(before)) return false;
  if (before.serial != now.serial) return true;
  if (before.thread == now.thread || before.block_epoch != now.block_epoch) return false;
  return before.thread / 32 != now.thread / 32 || before.warp_epoch == block.warp_epoch(now.thread);
}

const char* verb(Access a) {
  return a == Access::kRead ? "read" : a == Access::kWrite ? "written" : "updated atomically";
}

void report(const Mark& before, const Mark& now, const std::string& what, size_t byte, Block& block) {
  std::string text = "race on " + what + " byte " + std::to_string(byte) + ": " + verb(before.access) +
                     " by thread " + std::to_string(before.thread);
  if (before.serial != now.serial) text += " of another block";
  text += " at " + place(before.pc) + ", then " + verb(now.access) + " by thread " +
          std::to_string(now.thread) + " at " + place(now.pc) + " with no barrier between";
  block.fault_without_unwinding(text);
}

// Returns the earlier access that conflicts, or null.
const Mark* check(Cell& cell, const Mark& now, const Block& block) {
  if (now.access == Access::kRead) {
    if (unordered(cell.write, now, block)) return &cell.write;
    if (!unordered(cell.first_read, now, block) || cell.first_read.thread == now.thread)
      cell.first_read = now;
    else
      cell.last_read = now;
    return nullptr;
  }
  if (unordered(cell.write, now, block) &&
      !(cell.write.access == Access::kAtomic && now.access == Access::kAtomic))
    return &cell.write;
  if (unordered(cell.first_read, now, block)) return &cell.first_read;
  if (unordered(cell.last_read, now, block)) return &cell.last_read;
  cell.write = now;
  return nullptr;
}

}  // namespace

bool race_checking() { return checking; }
void start_race_checking() { checking = true; }
void race_launch(uint32_t first_serial) { launch_serial = first_serial; }

void watch_global(void* p, size_t bytes, const char* name) {
  if (checking) buffers[static_cast<char*>(p)] = {bytes, name, std::vector<Cell>(bytes / kGranule + 1)};
}
void unwatch_global(void* p) { buffers.erase(static_cast<char*>(p)); }

void note(Access access, const void* p, size_t bytes, int thread, const void* pc) {
  Block* block = current_block;
  if (!checking || !block || bytes == 0) return;
  const Mark now{
      block->serial(), block->block_epoch(), block->warp_epoch(thread), uint16_t(thread), access, pc};
  const auto* at = static_cast<const char*>(p);
  if (block->shared().holds(p)) {
    if (shared_cells.empty()) shared_cells.resize(SharedMemory::kCapacity / kGranule);
    const size_t offset = block->shared().offset_of(p);
    for (size_t i = offset / kGranule; i <= (offset + bytes - 1) / kGranule; ++i) {
      Cell& cell = shared_cells[i];
      // Shared memory starts anew with every block.
      if (cell.write.serial != now.serial && cell.first_read.serial != now.serial &&
          cell.last_read.serial != now.serial)
        cell = {};
      else {
        if (cell.write.serial != now.serial) cell.write = {};
        if (cell.first_read.serial != now.serial) cell.first_read = {};
        if (cell.last_read.serial != now.serial) cell.last_read = {};
      }
      if (const Mark* before = check(cell, now, *block)) {
        size_t byte;
        const std::string name = block->shared().name_of(p, &byte);
        report(*before, now, "shared array '" + name + "'", byte, *block);
      }
    }
    return;
  }
  auto it = buffers.upper_bound(at);
  if (it == buffers.begin()) return;
  --it;
  const size_t offset = size_t(at - it->first);
  if (offset >= it->second.bytes) return;
  for (size_t i = offset / kGranule; i <= (offset + bytes - 1) / kGranule; ++i)
    if (const Mark* before = check(it->second.cells[i], now, *block))
      report(*before, now, it->second.name, offset, *block);
}

void note_read(const void* p, size_t n) {
  if (checking) note(Access::kRead, p, n, current_block->thread(), __builtin_return_address(0));
}
void note_write(const void* p, size_t n) {
  if (checking) note(Access::kWrite, p, n, current_block->thread(), __builtin_return_address(0));
}
void note_atomic(const void* p, size_t n) {
  if (checking) note(Access::kAtomic, p, n, current_block->thread(), __builtin_return_address(0));
}
void note_read_by(int thread, const void* p, size_t n) {
  if (checking) note(Access::kRead, p, n, thread, __builtin_return_address(0));
}

}  // namespace flm::emu
