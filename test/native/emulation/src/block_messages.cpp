// What a block says about itself when a rule is broken.
#include <cstdio>

#include "src/block.h"

namespace flm::emu {
namespace {

std::string hex(unsigned v) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", v);
  return text;
}

std::string triple(uint3 v) {
  return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
}

}  // namespace

std::string place(const Arrival& a) {
  std::string file = a.at.file_name();
  file = file.substr(file.rfind('/') + 1);
  return std::string(a.what) + " at " + file + ":" + std::to_string(a.at.line());
}

std::string masked_place(const Arrival& a) {
  return a.mask == kAllLanes ? place(a) : place(a) + " mask " + hex(a.mask);
}

std::string Block::message(int thread, const std::string& text) const {
  std::string where = "flm emulation: " + std::string(launch_.kernel) + " block " + triple(blockIdx);
  if (thread >= 0 && size_t(thread) < threads_.size())
    where += " thread " + triple(threads_[size_t(thread)].index);
  return where + ": " + text;
}

std::string Block::deadlock() const {
  std::string text = "no thread can go on;";
  const auto state = [this](size_t t) -> std::string {
    const Warp& w = warps_[t / 32];
    if (w.exited >> (t % 32) & 1) return "exited";
    if (w.runnable >> (t % 32) & 1) return "running";
    return masked_place(threads_[t].wait);
  };
  for (size_t first = 0; first < threads_.size();) {
    size_t last = first;
    const std::string here = state(first);
    while (last + 1 < threads_.size() && state(last + 1) == here) ++last;
    text += "\n  threads " + std::to_string(first) + "-" + std::to_string(last) + ": " + here;
    first = last + 1;
  }
  return text;
}

}  // namespace flm::emu
