// attention_decode on CUDA (or its emulation) against the oracle in double.
#include "cuda/cuda_ops.h"
#include "cuda/device_buffer.h"
#include "oracle/ops.h"
#include "schedules.h"

namespace flm::test {
namespace {

template <class T>
void run(const std::vector<int32_t>& lengths, int64_t capacity, int64_t H, int64_t G, int64_t D) {
  const int64_t B = int64_t(lengths.size()), q_stride = (H + 2 * G) * D;
  Numbers numbers(uint64_t(B * 31 + H * 7 + D));
  const std::vector<T> q = numbers.normals<T>(size_t(B * q_stride));
  const std::vector<T> k = numbers.normals<T>(size_t(B * capacity * G * D), 2),
                       v = numbers.normals<T>(k.size());
  const DeviceBuffer<T> d_q(q), d_k(k), d_v(v);
  const DeviceBuffer<int32_t> d_lengths(lengths);
  DeviceBuffer<T> o(size_t(B * H * D));
  const auto args = [&](Out o, In q, In k, In v, In lengths) {
    return AttentionDecode{o, q, k, v, lengths, B, capacity, H, G, D, q_stride, 1 / std::sqrt(double(D))};
  };
  Context context;
  const std::string name = "attention_decode D" + std::to_string(D);
  under_every_schedule(name, [&] {
    cuda::attention_decode(context, args(o.out(), d_q.in(), d_k.in(), d_v.in(), d_lengths.in()));
    return bytes_of(o.host());
  });
  const std::vector<double> q64 = to_double(q), k64 = to_double(k), v64 = to_double(v);
  std::vector<double> o64(size_t(B * H * D));
  oracle::attention_decode(context,
                           args({o64.data(), DType::f64}, {q64.data(), DType::f64}, {k64.data(), DType::f64},
                                {v64.data(), DType::f64}, {lengths.data(), DType::i32}));
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 5e-3;
  check_close(o.host(), o64, tolerance, tolerance, name);
}

}  // namespace

FLM_TEST(cuda_attention_decode) {
  run<float>({1, 4, 5, 33, 100}, 100, 4, 2, 64);
  run<float>({40}, 64, 1, 1, 20);
  run<__nv_bfloat16>({1, 31, 32, 70}, 70, 2, 1, 128);
}

}  // namespace flm::test
