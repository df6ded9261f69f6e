// What memory gives: reads a buffer of 1 GiB with all threads whenever it is asked, and says how long that
// took.
//   flm_read_bandwidth THREADS       one line of JSON on standard output for every line on standard input
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include "cpu/cpu_backend.h"
#include "cpu/parallel.h"

namespace flm::bench {
namespace {

constexpr int64_t kBytes = int64_t(1) << 30;
constexpr int64_t kChunk = int64_t(1) << 20;

// Reads all words, of which only a sum is kept.
void read(Context& context, const uint64_t* words) {
  cpu::parallel_for(context, kBytes / 8, kChunk / 8, [&](int64_t begin, int64_t end) {
    // The hardware follows a stream up to the end of a page; asking 2 KiB ahead reaches into the next one.
    constexpr int64_t kSums = 64, kWordsPerLine = 8, kAhead = 256;
    uint64_t sums[kSums] = {};
    for (int64_t i = begin; i < end; i += kSums) {
      for (int64_t j = 0; j < kSums; j += kWordsPerLine) __builtin_prefetch(words + i + j + kAhead, 0, 2);
      for (int64_t j = 0; j < kSums; ++j) sums[j] |= words[i + j];
    }
    uint64_t all = 0;
    for (const uint64_t sum : sums) all |= sum;
    asm volatile("" ::"r"(all));  // the sum counts as used
  });
}

void run(int threads) {
  const Backend backend = cpu::make_backend(threads);
  Context context = backend.context();
  void* memory = backend.device->allocate(size_t(kBytes));
  std::memset(memory, 1, size_t(kBytes));
  std::printf("{\"bytes\":%lld,\"threads\":%d}\n", (long long)kBytes, threads);
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    read(context, static_cast<const uint64_t*>(memory));
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    std::printf("{\"ms\":%.4f}\n", time.count());
    std::fflush(stdout);
  }
  backend.device->release(memory);
}

}  // namespace
}  // namespace flm::bench

int main(int count, char** arguments) {
  const int threads = count == 2 ? std::atoi(arguments[1]) : 0;
  if (threads < 1) {
    std::fprintf(stderr, "usage: flm_read_bandwidth THREADS\n");
    return 2;
  }
  try {
    flm::bench::run(threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
