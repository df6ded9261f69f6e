#pragma once
#include "ops/buffers.h"

namespace flm::test {

// A growth mask on a dimension: about two thirds are inherited, the rest is new and has weight m.
struct MaskChoice {
  double m;
  bool null = false;

  static MaskChoice none() { return {1, true}; }
  int64_t inherited(int64_t width) const { return width - width / 3; }
  double sum(int64_t width) const { return double(inherited(width)) + m * double(width - inherited(width)); }
  In bind(Buffers& buffers, const char* name, int64_t width) const {
    if (null) return {};
    return buffers.input(name, {width}, Kind::stat, growth_mask(inherited(width), width, m));
  }
  // For names of cases; -1 stands for none.
  double shown() const { return null ? -1 : m; }
};

}  // namespace flm::test
