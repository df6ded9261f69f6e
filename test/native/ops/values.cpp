#include "ops/values.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/philox.h"

namespace flm::test {
namespace {

constexpr uint64_t kSeed = 20230907;

template <class T>
T read(const unsigned char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void write(T value, unsigned char* to) {
  std::memcpy(to, &value, sizeof value);
}

// Remembered from case to case: all draw from the streams of the same few names, and drawing anew was most of
// the time of a case.
double standard_normal(uint64_t stream, int64_t index) {
  constexpr int64_t kMostRemembered = 1 << 20;
  static std::unordered_map<uint64_t, std::vector<double>> streams;
  if (index >= kMostRemembered) return philox_normal(kSeed, stream, uint64_t(index));
  std::vector<double>& drawn = streams[stream];
  if (size_t(index) >= drawn.size()) {
    const size_t known = drawn.size();
    drawn.resize(std::max(size_t(index) + 1, 2 * known));
    philox_normals(kSeed, stream, known, int64_t(drawn.size() - known), drawn.data() + known);
  }
  return drawn[size_t(index)];
}

}  // namespace

DType type_of(Kind kind, Precision precision) {
  switch (kind) {
    case Kind::compute:
      return precision.compute;
    case Kind::stat:
      return precision.stat;
    case Kind::always_f64:
      return DType::f64;
    case Kind::i32:
      return DType::i32;
    case Kind::u8:
      return DType::u8;
    case Kind::i8:
      return DType::i8;
  }
  return DType::f32;
}

Draw normal(double deviation, double mean) {
  return [=](uint64_t stream, int64_t index) { return mean + deviation * standard_normal(stream, index); };
}

Draw uniform(double low, double high) {
  return [=](uint64_t stream, int64_t index) {
    const PhiloxBlock block = philox(kSeed, stream, uint64_t(index));
    return low + (high - low) * philox_uniform(block[0], block[1]);
  };
}

Draw values(std::vector<double> list) {
  return [list = std::move(list)](uint64_t, int64_t index) { return list[size_t(index) % list.size()]; };
}

Draw growth_mask(int64_t inherited, int64_t width, double m) {
  return [=](uint64_t, int64_t index) { return index % width < inherited ? 1.0 : m; };
}

double rounded(double value, DType dtype) {
  unsigned char bytes[sizeof(double)];
  store(value, dtype, bytes);
  return load(dtype, bytes);
}

void store(double value, DType dtype, unsigned char* to) {
  switch (dtype) {
    case DType::f32:
      return write(float(value), to);
    case DType::bf16:
      return write(to_bf16(float(value)), to);
    case DType::f64:
      return write(value, to);
    case DType::i32:
      return write(int32_t(value), to);
    case DType::u8:
      return write(uint8_t(value), to);
    case DType::i8:
      return write(int8_t(value), to);
  }
}

double load(DType dtype, const unsigned char* from) {
  switch (dtype) {
    case DType::f32:
      return read<float>(from);
    case DType::bf16:
      return to_float(read<bf16>(from));
    case DType::f64:
      return read<double>(from);
    case DType::i32:
      return read<int32_t>(from);
    case DType::u8:
      return *from;
    case DType::i8:
      return read<int8_t>(from);
  }
  return 0;
}

}  // namespace flm::test
