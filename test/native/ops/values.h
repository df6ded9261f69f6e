#pragma once
// Numbers for tests: how they are drawn, and how they lie in memory.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/dtype.h"

namespace flm::test {

// The two floating-point types of a run; see core/dtype.h.
struct Precision {
  DType compute, stat;
};
inline constexpr Precision kF32{DType::f32, DType::f32}, kBf16{DType::bf16, DType::f32},
    kF64{DType::f64, DType::f64};

// What the contract in core/ops says about an element type; norm_squared alone is f64 in every run.
enum class Kind { compute, stat, always_f64, i32, u8, i8 };

DType type_of(Kind kind, Precision precision);

// Element `index` of the tensor whose name hashes to `stream`: the same on every backend.
using Draw = std::function<double(uint64_t stream, int64_t index)>;

Draw normal(double deviation = 1, double mean = 0);
Draw uniform(double low, double high);
// Exactly these, repeated from the start when there are more elements.
Draw values(std::vector<double> list);
// A growth mask: ones on the first `inherited` of each `width` elements, then m.
Draw growth_mask(int64_t inherited, int64_t width, double m);
inline Draw constant(double value) { return values({value}); }

// `value` as the nearest number that `dtype` holds.
double rounded(double value, DType dtype);

void store(double value, DType dtype, unsigned char* to);
double load(DType dtype, const unsigned char* from);

}  // namespace flm::test
