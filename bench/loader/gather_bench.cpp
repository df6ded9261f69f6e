// Speed of gathering batches out of token files on one core.
//   flm_gather_bench PIECES ROWS FILE... SEQ_LENGTH
// PIECES holds five doubles a piece (row, file, offset, length, flags), rows numbered over all batches of
// ROWS rows. For every line on standard input all batches are made, and one line of JSON says how long that
// took.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "data/gather.h"

namespace flm::bench {
namespace {

constexpr int64_t kVocabSize = 65536;
constexpr size_t kPieceFields = 5;

using Batches = std::vector<std::vector<Piece>>;

Batches read_pieces(const char* path, int64_t rows) {
  std::ifstream file(path, std::ios::binary);
  Batches batches;
  for (double field[kPieceFields]; file.read(reinterpret_cast<char*>(field), sizeof field);) {
    const auto row = int64_t(field[0]);
    const auto flags = unsigned(field[4]);
    batches.resize(size_t(row / rows) + 1);
    batches.back().push_back({row % rows, int64_t(field[1]), int64_t(field[2]), int64_t(field[3]),
                              (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0});
  }
  return batches;
}

double cpu_ms() {
  rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) { return 1e3 * double(t.tv_sec) + 1e-3 * double(t.tv_usec); };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

void run(const char* pieces, int64_t rows, const std::vector<std::string>& paths, int64_t seq_length) {
  std::vector<data::TokenFile> files;
  for (const std::string& path : paths) files.push_back(data::TokenFile::open(path));
  const Batches batches = read_pieces(pieces, rows);
  std::printf("{\"tokens\":%lld}\n", static_cast<long long>(int64_t(batches.size()) * rows * seq_length));
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu = cpu_ms();
    int64_t sum = 0;  // the batches count as used
    for (const auto& batch : batches) {
      sum += data::gather(files, batch, rows, seq_length, kVocabSize).targets.back();
    }
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    std::printf("{\"ms\":%.4f,\"cpu_ms\":%.4f,\"sum\":%lld}\n", time.count(), cpu_ms() - cpu,
                static_cast<long long>(sum));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace flm::bench

int main(int count, char** arguments) {
  if (count < 5) {
    std::fprintf(stderr, "usage: flm_gather_bench PIECES ROWS FILE... SEQ_LENGTH\n");
    return 2;
  }
  try {
    flm::bench::run(arguments[1], std::atoll(arguments[2]), {arguments + 3, arguments + count - 1},
                    std::atoll(arguments[count - 1]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
