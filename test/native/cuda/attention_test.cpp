// attention_fwd and attention_bwd on CUDA (or its emulation) against the oracle in double: ragged lengths,
// several documents, grouped heads, both types and both paths.
#include <numeric>

#include "cuda/cuda_ops.h"
#include "cuda/device_buffer.h"
#include "oracle/ops.h"
#include "schedules.h"

namespace flm::test {
namespace {

constexpr bool kOneSchedule = false, kEverySchedule = true;

struct Case {
  std::vector<int> lengths;
  int64_t H, G, D;
  double spread;  // of q and k: with large scores the running maximum moves
  bool every_schedule;
  std::string name;
};

// Everything in the packed layout that the model uses: heads of q, k and v side by side in a row.
template <class T>
class AttentionCase {
 public:
  explicit AttentionCase(const Case& c) : c_(c) {
    starts_.push_back(0);
    for (const int length : c.lengths) starts_.push_back(starts_.back() + length);
    N_ = starts_.back(), stride_ = (c.H + 2 * c.G) * c.D;
    Numbers numbers(uint64_t(N_ * 31 + c.H * 7 + c.D));
    qkv_ = numbers.normals<T>(size_t(N_ * stride_), c.spread);
    dout_ = numbers.normals<T>(size_t(N_ * c.H * c.D));
  }

  AttentionFwd forward(Out o, Out lse, In qkv, In starts) const {
    return {o,         lse, qkv,  qkv.at(k_at()), qkv.at(v_at()), stride_, starts, int64_t(c_.lengths.size()),
            longest(), N_,  c_.H, c_.G,           c_.D,           scale()};
  }
  AttentionBwd backward(Out dqkv, In dout, In o, In lse, In qkv, In starts) const {
    return {dqkv,
            dqkv.at(k_at()),
            dqkv.at(v_at()),
            dout,
            o,
            lse,
            qkv,
            qkv.at(k_at()),
            qkv.at(v_at()),
            stride_,
            starts,
            int64_t(c_.lengths.size()),
            longest(),
            N_,
            c_.H,
            c_.G,
            c_.D,
            scale()};
  }

  void run() const {
    const DeviceBuffer<T> qkv(qkv_), dout(dout_);
    const DeviceBuffer<int32_t> starts(starts_);
    DeviceBuffer<T> o(dout_.size()), dqkv(qkv_.size());
    DeviceBuffer<float> lse(size_t(c_.H * N_));
    Context context;
    run_under(c_.name + " forward", [&] {
      cuda::attention_fwd(context, forward(o.out(), lse.out(), qkv.in(), starts.in()));
      return bytes_of(o.host()) + bytes_of(lse.host());
    });
    run_under(c_.name + " backward", [&] {
      const AttentionBwd args = backward(dqkv.out(), dout.in(), o.in(), lse.in(), qkv.in(), starts.in());
      DeviceBuffer<uint8_t> workspace(cuda::workspace_bytes(context, args));
      context.workspace = workspace.data();
      cuda::attention_bwd(context, args);
      workspace.host();
      return bytes_of(dqkv.host());
    });

    const std::vector<double> qkv64 = to_double(qkv_), dout64 = to_double(dout_);
    std::vector<double> o64(dout_.size()), lse64(size_t(c_.H * N_)), dqkv64(qkv_.size());
    const In starts64{starts_.data(), DType::i32};
    oracle::attention_fwd(context, forward(view(o64), view(lse64), view(qkv64), starts64));
    // Backward of what forward gave, rounded as it is: the two are checked apart.
    const std::vector<double> given_o = to_double(o.host()), given_lse = to_double(lse.host());
    oracle::attention_bwd(
        context, backward(view(dqkv64), view(dout64), view(given_o), view(given_lse), view(qkv64), starts64));
    const double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-2;
    check_close(lse.host(), lse64, 1e-4, 1e-5, c_.name + " lse");
    check_close(o.host(), o64, tolerance, tolerance, c_.name + " o");
    // The rounding of a gradient grows with the size of what it is summed from.
    double sum = 0;
    for (const double x : dqkv64) sum += x * x;
    const double size = std::sqrt(sum / double(dqkv64.size()));
    check_close(dqkv.host(), dqkv64, tolerance * 4 * (1 + size), tolerance * 2, c_.name + " dqkv");
  }

 private:
  template <class Once>
  void run_under(const std::string& name, Once once) const {
    if (c_.every_schedule)
      under_every_schedule(name, once);
    else
      once();
  }
  static Out view(std::vector<double>& values) { return {values.data(), DType::f64}; }
  static In view(const std::vector<double>& values) { return {values.data(), DType::f64}; }
  int64_t k_at() const { return c_.H * c_.D; }
  int64_t v_at() const { return (c_.H + c_.G) * c_.D; }
  int64_t longest() const { return *std::max_element(c_.lengths.begin(), c_.lengths.end()); }
  double scale() const { return 1 / std::sqrt(double(c_.D)); }

  Case c_;
  std::vector<int32_t> starts_;
  int64_t N_, stride_;
  std::vector<T> qkv_, dout_;
};

void run(std::vector<int> lengths, int64_t H, int64_t G, int64_t D, DType dtype, bool every_schedule,
         double spread = 1) {
  std::string name = "attention";
  for (const int length : lengths) name += " " + std::to_string(length);
  name += " H" + std::to_string(H) + " G" + std::to_string(G) + " D" + std::to_string(D);
  const Case c{std::move(lengths), H, G, D, spread, every_schedule, name};
  dtype == DType::f32 ? AttentionCase<float>(c).run() : AttentionCase<__nv_bfloat16>(c).run();
}

}  // namespace

// Every schedule of every case would take minutes where the kernels are emulated.
FLM_TEST(cuda_attention_tiled_lengths) {
  for (const int64_t D : {64, 128})
    for (const int length : {1, 17, 63, 64, 65, 127, 128, 129, 200, 257})
      run({length}, 1, 1, D, DType::bf16, kOneSchedule);
}
FLM_TEST(cuda_attention_tiled_groups) {
  run({150}, 2, 2, 64, DType::bf16, kOneSchedule);
  run({150}, 2, 1, 128, DType::bf16, kOneSchedule);
  run({150}, 4, 2, 64, DType::bf16, kEverySchedule);
}
FLM_TEST(cuda_attention_tiled_documents) {
  run({64, 1, 17}, 2, 2, 64, DType::bf16, kOneSchedule);
  run({63, 65, 127, 128, 129}, 4, 2, 64, DType::bf16, kOneSchedule);
  run({5, 3, 1, 1, 40, 2, 70, 100, 7, 300}, 2, 1, 64, DType::bf16, kOneSchedule);
  run({5, 3, 1, 1, 40, 2, 70, 50}, 2, 1, 128, DType::bf16, kEverySchedule);
}
FLM_TEST(cuda_attention_tiled_large_scores) {
  for (const int64_t D : {64, 128}) run({200, 5, 257}, 2, 1, D, DType::bf16, kOneSchedule, 3);
}
FLM_TEST(cuda_attention_plain) {
  run({1}, 1, 1, 64, DType::f32, kEverySchedule);
  run({33, 3, 70}, 2, 1, 64, DType::f32, kEverySchedule, 2);
  run({65}, 2, 2, 128, DType::f32, kEverySchedule);
  run({40, 31}, 4, 2, 24, DType::f32, kEverySchedule);
  run({40, 31}, 2, 1, 80, DType::bf16, kEverySchedule);
  run({17}, 1, 1, 1, DType::f32, kEverySchedule);
}
FLM_TEST(cuda_attention_refuses) {
  Context context;
  AttentionFwd a{};
  a.N = 1, a.H = 3, a.G = 2, a.D = 64;
  CHECK_THROWS(cuda::attention_fwd(context, a), ErrorCode::invalid_argument);
  a.G = 3, a.D = 129;
  CHECK_THROWS(cuda::attention_fwd(context, a), ErrorCode::not_supported);
}

}  // namespace flm::test
