// Speed of the CPU backend's products against the machine's own limit.
//   flm_native_bench [--json] [--seconds S]      S for each line, default 0.3
// Prints the best of many runs of each shape; with --json one object a line. One thread is timed by the CPU
// time that it takes, which does not count what other programs take from it; a team by the time that passes.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string_view>

#include "cpu/cpu_backend.h"
#include "cpu/isa.h"
#include "fma_peak.h"

namespace flm::bench {
namespace {

struct Shape {
  const char* use;
  int64_t M, N, K;
  bool transpose_a, transpose_b, accumulate;
};

// y = x W', dx = dy W and dW += dy' x: of bench/step's models (named in the first column), and others; then
// decoding.
constexpr Shape kShapes[] = {
    {"9m qkv", 2048, 768, 256, false, true, false},
    {"9m qkv: dx", 2048, 256, 768, false, false, false},
    {"9m qkv: dW", 768, 256, 2048, true, false, true},
    {"9m ffn in", 2048, 1376, 256, false, true, false},
    {"9m ffn in: dx", 2048, 256, 1376, false, false, false},
    {"9m ffn in: dW", 1376, 256, 2048, true, false, true},
    {"9m head", 1024, 8192, 256, false, true, false},
    {"9m head: dx", 1024, 256, 8192, false, false, false},
    {"9m head: dW", 8192, 256, 1024, true, false, true},
    {"134m qkv", 1024, 2304, 768, false, true, false},
    {"134m qkv: dx", 1024, 768, 2304, false, false, false},
    {"134m qkv: dW", 2304, 768, 1024, true, false, true},
    {"124m ffn in", 256, 3072, 768, false, true, false},
    {"124m ffn in: dx", 256, 768, 3072, false, false, false},
    {"124m ffn in: dW", 3072, 768, 256, true, false, true},
    {"forward", 2048, 1024, 1024, false, true, false},
    {"forward, ragged", 1000, 1000, 1000, false, true, false},
    {"few rows", 16, 768, 768, false, true, false},
    {"few rows", 48, 768, 768, false, true, false},
    {"decode", 8, 4096, 4096, false, true, false},
    {"decode", 1, 4096, 4096, false, true, false},
};

double now(int threads) {
  timespec time{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

// Device memory that goes away with its scope.
class Memory {
 public:
  Memory(Device& device, size_t bytes) : device_(device), data_(device.allocate(bytes)) {
    device.fill_zero(data_, bytes, {});
  }
  ~Memory() { device_.release(data_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* data() const { return data_; }

 private:
  Device& device_;
  void* data_;
};

void fill(void* memory, DType dtype, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = float((i * 2654435761u) % 1000) * 1e-3f - 0.5f;
    if (dtype == DType::f32) static_cast<float*>(memory)[i] = value;
    if (dtype == DType::bf16) static_cast<bf16*>(memory)[i] = to_bf16(value);
  }
}

// Seconds of the fastest run.
double best_time(const Backend& backend, int threads, const Shape& shape, DType dtype, double seconds) {
  Device& device = *backend.device;
  const DType out = shape.accumulate ? DType::f32 : dtype;
  const Memory a(device, size_t(shape.M * shape.K) * size_of(dtype));
  const Memory b(device, size_t(shape.K * shape.N) * size_of(dtype));
  const Memory c(device, size_t(shape.M * shape.N) * size_of(out));
  fill(a.data(), dtype, shape.M * shape.K);
  fill(b.data(), dtype, shape.K * shape.N);

  Matmul args{};
  args.c = {c.data(), out};
  args.a = {a.data(), dtype};
  args.b = {b.data(), dtype};
  args.M = shape.M, args.N = shape.N, args.K = shape.K;
  args.lda = shape.transpose_a ? shape.M : shape.K;
  args.ldb = shape.transpose_b ? shape.K : shape.N;
  args.ldc = shape.N;
  args.transpose_a = shape.transpose_a;
  args.transpose_b = shape.transpose_b;
  args.accumulate = shape.accumulate;

  Context context = backend.context();
  context.measuring = true;
  backend.ops->matmul(context, args);
  context.measuring = false;
  const Memory workspace(device, context.workspace_needed);
  context.workspace = workspace.data();
  context.workspace_bytes = context.workspace_needed;

  double best = 1e30, total = 0;
  for (int run = 0; run < 5 || total < seconds; ++run) {
    const double start = now(threads);
    backend.ops->matmul(context, args);
    const double time = now(threads) - start;
    best = std::min(best, time);
    total += time;
  }
  return best;
}

void run(bool json, double seconds) {
  const cpu::Isa isa = cpu::choose_isa();
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const double core_peak = fma_peak(isa, dtype == DType::bf16 && isa == cpu::Isa::avx512_bf16);
    for (const int threads : {1, 2}) {
      const Backend backend = cpu::make_backend(threads);
      const double peak = core_peak * threads;
      if (!json) {
        std::printf("\n%s, %s: limit %.0f GFLOP/s\n", backend.device->info().name.c_str(), name_of(dtype),
                    peak);
      }
      for (const Shape& shape : kShapes) {
        const double time = best_time(backend, threads, shape, dtype, seconds);
        const double gflops = 2.0 * double(shape.M * shape.N * shape.K) / time * 1e-9;
        const double share = peak > 0 ? gflops / peak : 0;
        const auto M = (long long)shape.M, N = (long long)shape.N, K = (long long)shape.K;
        if (json) {
          std::printf(
              "{\"use\":\"%s\",\"dtype\":\"%s\",\"threads\":%d,\"isa\":\"%s\",\"M\":%lld,\"N\":%lld,\"K\":%"
              "lld,"
              "\"microseconds\":%.1f,\"gflops\":%.1f,\"peak_gflops\":%.1f,\"share\":%.3f}\n",
              shape.use, name_of(dtype), threads, cpu::isa_name(isa), M, N, K, time * 1e6, gflops, peak,
              share);
        } else {
          std::printf("%-16s M %-5lld N %-5lld K %-5lld %9.1f us %7.1f GFLOP/s  %3.0f %%\n", shape.use, M, N,
                      K, time * 1e6, gflops, 100 * share);
        }
        std::fflush(stdout);
      }
    }
  }
}

}  // namespace
}  // namespace flm::bench

int main(int count, char** arguments) {
  bool json = false;
  double seconds = 0.3;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--json") {
      json = true;
    } else if (argument == "--seconds" && i + 1 < count) {
      seconds = std::atof(arguments[++i]);
    } else {
      std::fprintf(stderr, "usage: flm_native_bench [--json] [--seconds S]\n");
      return 2;
    }
  }
  try {
    flm::bench::run(json, seconds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
