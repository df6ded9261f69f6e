// AdamW against what memory gives: a triad over large arrays and the op, in turns.
//   flm_adamw_bench [THREADS [ROUNDS]]      all threads and 15 rounds by default
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

#include "cpu/cpu_backend.h"
#include "cpu/parallel.h"

namespace flm::bench {
namespace {

constexpr int64_t kParameters = 64 << 20;  // every array 256 MiB, far larger than any cache
// As in a bf16 step: reads the master, two moments and the gradient; writes the first three and a bf16 copy.
constexpr double kAdamwBytes = 30;
constexpr double kTriadBytes = 12;

class Arrays {
 public:
  explicit Arrays(Device& device) : device_(device) {}
  ~Arrays() {
    for (void* memory : taken_) device_.release(memory);
  }
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;
  Out take(int64_t elements, DType dtype) {
    const size_t bytes = size_t(elements) * size_of(dtype);
    taken_.push_back(device_.allocate(bytes));
    device_.fill_zero(taken_.back(), bytes, device_.stream(StreamRole::compute));
    return {taken_.back(), dtype};
  }

 private:
  Device& device_;
  std::vector<void*> taken_;
};

template <class Work>
double gigabytes_a_second(double bytes, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return bytes * 1e-9 / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(int threads, int rounds) {
  const Backend backend = cpu::make_backend(threads);
  Context context = backend.context();
  Arrays arrays(*backend.device);
  AdamwTensor tensor{.master = arrays.take(kParameters, DType::f32),
                     .exp_avg = arrays.take(kParameters, DType::f32),
                     .exp_avg_sq = arrays.take(kParameters, DType::f32),
                     .working = arrays.take(kParameters, DType::bf16),
                     .grad = arrays.take(kParameters, DType::f32),
                     .size = kParameters,
                     .lr = 1e-3,
                     .weight_decay = 0.1,
                     .bias_correction1 = 0.1,
                     .bias_correction2 = 0.05};
  float control[] = {1, 1};
  const Adamw adamw{.tensors = &tensor,
                    .count = 1,
                    .control = {control, DType::f32},
                    .beta1 = 0.9,
                    .beta2 = 0.95,
                    .eps = 1e-8};
  const auto triad = [&] {
    float* __restrict a = tensor.exp_avg.as<float>();
    const float *b = tensor.exp_avg_sq.as<float>(), *c = tensor.grad.as<float>();
    cpu::parallel_for(context, kParameters, 16384, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) a[i] = b[i] + 0.5f * c[i];
    });
  };

  std::vector<double> of_memory, of_adamw, shares;
  for (int round = -2; round < rounds; ++round) {
    const double memory = gigabytes_a_second(kTriadBytes * double(kParameters), triad);
    const double op =
        gigabytes_a_second(kAdamwBytes * double(kParameters), [&] { backend.ops->adamw(context, adamw); });
    if (round < 0) continue;  // warms up
    of_memory.push_back(memory);
    of_adamw.push_back(op);
    shares.push_back(op / memory);
  }
  std::printf("{\"threads\":%d,\"parameters\":%lld,\"triad_gb_s\":%.2f,\"adamw_gb_s\":%.2f,\"share\":%.3f}\n",
              cpu::num_threads(context), (long long)kParameters, median(of_memory), median(of_adamw),
              median(shares));
}

}  // namespace
}  // namespace flm::bench

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 0,
            rounds = count > 2 ? std::atoi(arguments[2]) : 15;
  if (count > 3 || threads < 0 || rounds < 1) {
    std::fprintf(stderr, "usage: flm_adamw_bench [THREADS [ROUNDS]]\n");
    return 2;
  }
  try {
    flm::bench::run(threads, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
