// Speed of the host communicator's all-reduce between processes of this machine.
//   flm_comm_bench [--json] [--ranks N]       4 ranks by default
// Prints the median and the best of the iterations, timed on rank 0 from one barrier to the end of the verb
// on all ranks, and the processor time that an iteration took rank 0, which says most on a busy machine; with
// --json one object a line. Bus GB/s = bytes * 2 (n - 1) / n / median, so that numbers of different n can be
// compared.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <vector>

#include "comm/host/host_group.h"
#include "core/error.h"
#include "cpu/cpu_backend.h"
#include "engine/device_buffer.h"

namespace flm::bench {
namespace {

struct Size {
  const char* name;
  int64_t count;  // of f32
  int iterations;
};
constexpr Size kSizes[] = {{"4 KB", 1 << 10, 301}, {"1 MB", 1 << 18, 101}, {"64 MB", 1 << 24, 9}};
constexpr int kWarmUps = 2;

struct Options {
  bool json = false;
  int ranks = 4;
};

struct Times {
  std::vector<double> seconds;  // of each iteration, in rising order
  double cpu_seconds;           // of this rank, the mean of all iterations
};

double cpu_seconds() {
  rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Times measure(Device& device, Communicator& world, const Size& size) {
  // Where an engine's tensors lie.
  DeviceBuffer data(device, size.count, DType::f32);
  data.fill_zero({});
  Times times{{}, 0};
  for (int i = -kWarmUps; i < size.iterations; ++i) {
    world.barrier();
    if (i == 0) times.cpu_seconds = -cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    world.all_reduce(data.view(), size.count, ReduceOp::sum, {});
    world.barrier();
    if (i >= 0)
      times.seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  times.cpu_seconds = (times.cpu_seconds + cpu_seconds()) / size.iterations;
  std::sort(times.seconds.begin(), times.seconds.end());
  return times;
}

void print(const Options& options, const char* transport, const Size& size, const Times& times) {
  const std::vector<double>& seconds = times.seconds;
  const double median = seconds[seconds.size() / 2], bytes = double(size.count) * sizeof(float);
  const double bus = bytes * 2 * (options.ranks - 1) / options.ranks / median * 1e-9;
  std::printf(
      options.json ? "{\"verb\":\"all_reduce\",\"transport\":\"%s\",\"ranks\":%d,\"bytes\":%.0f,"
                     "\"median_ms\":%.4f,\"best_ms\":%.4f,\"cpu_ms\":%.4f,\"bus_gb_per_s\":%.3f}\n"
                   : "all_reduce %-13s %d ranks %9.0f bytes  median %8.3f ms  best %8.3f ms  cpu %7.3f ms  "
                     "%6.2f GB/s\n",
      transport, options.ranks, bytes, median * 1e3, seconds.front() * 1e3, times.cpu_seconds * 1e3, bus);
  std::fflush(stdout);
}

void run_rank(const Options& options, const char* transport, HostListener listener, const HostGroup& group) {
  const Backend backend = cpu::make_backend(1);
  const auto world = make_host_communicator(*backend.device, std::move(listener), group);
  for (const Size& size : kSizes) {
    const Times times = measure(*backend.device, *world, size);
    if (group.rank == 0) print(options, transport, size, times);
  }
}

// All ranks but 0 are processes of their own. Returns 0 when all of them went well.
int run_group(const Options& options, bool one_host) {
  std::vector<HostListener> listeners;
  HostGroup group;
  group.job = "bench";
  for (int rank = 0; rank < options.ranks; ++rank) {
    listeners.emplace_back("127.0.0.1");
    group.peers.push_back(listeners.back().endpoint());
    if (!one_host) group.peers.back().host += std::to_string(rank);
  }
  const char* const transport = one_host ? "shared memory" : "tcp loopback";
  for (int rank = 1; rank < options.ranks; ++rank) {
    const pid_t pid = ::fork();
    FLM_CHECK(pid >= 0, ErrorCode::io, "cannot fork");
    if (pid != 0) continue;
    try {
      group.rank = rank;
      run_rank(options, transport, std::move(listeners[size_t(rank)]), group);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "rank %d: %s\n", rank, error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  run_rank(options, transport, std::move(listeners[0]), group);
  int failed = 0, status = 0;
  while (::wait(&status) > 0) failed |= status != 0;
  return failed;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--ranks" && i + 1 < argc) {
      options.ranks = std::atoi(argv[++i]);
      FLM_CHECK(options.ranks >= 2, ErrorCode::invalid_argument, "--ranks ", argv[i], " is not 2 or more");
    } else {
      fail(ErrorCode::invalid_argument, argument, " is unknown; known are --json and --ranks N");
    }
  }
  return options;
}

}  // namespace
}  // namespace flm::bench

int main(int argc, char** argv) {
  try {
    const auto options = flm::bench::parse(argc, argv);
    return flm::bench::run_group(options, true) | flm::bench::run_group(options, false);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
