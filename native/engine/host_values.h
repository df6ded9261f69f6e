#pragma once
// Small conversions between doubles on the host and typed memory.
#include <span>
#include <vector>

#include "core/device.h"
#include "core/error.h"
#include "core/tensor.h"

namespace flm {

inline std::vector<unsigned char> to_bytes(const std::vector<double>& values, DType dtype) {
  std::vector<unsigned char> bytes(values.size() * size_of(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    if (dtype == DType::f64)
      reinterpret_cast<double*>(bytes.data())[i] = values[i];
    else if (dtype == DType::f32)
      reinterpret_cast<float*>(bytes.data())[i] = float(values[i]);
    else if (dtype == DType::bf16)
      reinterpret_cast<bf16*>(bytes.data())[i] = to_bf16(float(values[i]));
    else
      fail(ErrorCode::internal, "no conversion to ", name_of(dtype));
  }
  return bytes;
}

inline double value_at(const void* data, DType dtype, int64_t index) {
  switch (dtype) {
    case DType::f32:
      return static_cast<const float*>(data)[index];
    case DType::bf16:
      return to_float(static_cast<const bf16*>(data)[index]);
    case DType::f64:
      return static_cast<const double*>(data)[index];
    case DType::i32:
      return static_cast<const int32_t*>(data)[index];
    case DType::u8:
      return static_cast<const uint8_t*>(data)[index];
    case DType::i8:
      return static_cast<const int8_t*>(data)[index];
  }
  return 0;
}

// Synchronous copies: for set-up, reports and tests, not for a step's inner part.
inline void upload(Device& device, Out to, const std::vector<double>& values) {
  const auto bytes = to_bytes(values, to.dtype);
  device.copy_now(to.data, bytes.data(), bytes.size(), CopyKind::host_to_device,
                  device.stream(StreamRole::compute));
}

inline std::vector<double> download(Device& device, In from, int64_t elements) {
  std::vector<unsigned char> bytes(size_t(elements) * size_of(from.dtype));
  device.copy_now(bytes.data(), from.data, bytes.size(), CopyKind::device_to_host,
                  device.stream(StreamRole::compute));
  std::vector<double> values(static_cast<size_t>(elements));
  for (int64_t i = 0; i < elements; ++i) values[size_t(i)] = value_at(bytes.data(), from.dtype, i);
  return values;
}

// values = `from` as f32: logits of every token that is generated come this way.
inline void download_floats(Device& device, In from, std::span<float> values) {
  const Stream stream = device.stream(StreamRole::compute);
  std::vector<unsigned char> bytes;
  const void* host = from.data;
  if (device.host_accessible()) {
    device.synchronize(stream);
  } else {
    bytes.resize(values.size() * size_of(from.dtype));
    device.copy_now(bytes.data(), from.data, bytes.size(), CopyKind::device_to_host, stream);
    host = bytes.data();
  }
  if (from.dtype == DType::bf16)
    for (size_t i = 0; i < values.size(); ++i) values[i] = to_float(static_cast<const bf16*>(host)[i]);
  else
    for (size_t i = 0; i < values.size(); ++i) values[i] = float(value_at(host, from.dtype, int64_t(i)));
}

}  // namespace flm
