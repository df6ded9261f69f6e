// Speed of whole optimizer steps on random tokens, on the CPU or a GPU, without Node.
//   flm_step_bench [name=value]...    names and defaults: flm_step_bench help=1
// Prints one line of JSON: what was trained, and the timed steps; with trace=1 also where the time of as many
// traced steps goes. With serve=1 it is a contender of
// bench/gpu/turns.py: a first line that says what it is, then a line of JSON for each line "step" or
// "memory" on standard input.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/philox.h"
#include "engine/engine.h"
#include "job.h"
#include "step_trace.h"

namespace flm::bench {
namespace {

constexpr int64_t kBatches = 16;  // different ones; then they repeat
constexpr uint64_t kSeed = 1;

// A token file (its layout: data/token_file.h) of random tokens in one document, which vanishes with this
// object.
class RandomTokens {
 public:
  RandomTokens(int64_t count, int64_t vocab) {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder ? folder : "/tmp") + "/flm-bench-XXXXXX";
    const int fd = ::mkstemp(path_.data());
    FLM_CHECK(fd >= 0, ErrorCode::io, "cannot create ", path_);
    std::FILE* file = ::fdopen(fd, "wb");
    constexpr uint64_t kHeader[] = {4 | uint64_t(1) << 32};  // bytes per token, version
    const uint64_t counts[] = {uint64_t(count), 1, 0, 0, 0, 0}, starts[] = {0, uint64_t(count)};
    std::vector<uint32_t> tokens(size_t(count + count % 2));  // a multiple of 8 bytes
    for (int64_t i = 0; i < count; ++i)
      tokens[size_t(i)] = philox(kSeed, philox_stream("tokens"), uint64_t(i))[0] % uint32_t(vocab);
    std::fwrite("FLMTOK1", 1, 8, file);
    std::fwrite(kHeader, sizeof kHeader, 1, file);
    std::fwrite(counts, sizeof counts, 1, file);
    std::fwrite(tokens.data(), sizeof(uint32_t), tokens.size(), file);
    std::fwrite(starts, sizeof starts, 1, file);
    const bool written = std::ferror(file) == 0;
    FLM_CHECK(std::fclose(file) == 0 && written, ErrorCode::io, "cannot write ", path_);
  }
  ~RandomTokens() { std::remove(path_.c_str()); }
  RandomTokens(const RandomTokens&) = delete;
  RandomTokens& operator=(const RandomTokens&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Matrices are drawn, gains are one, biases zero.
LoadPlan initial_values(const Job& job) {
  LoadPlan plan{};
  plan.seed = kSeed;
  for (const ParameterSpec& p : job.spec.parameters) {
    const bool is_matrix = p.rows > 1, is_gain = p.name.ends_with(".gain");
    plan.moves.push_back({.tensor = p.name,
                          .kind = StateKind::master,
                          .file = -1,
                          .offset = 0,
                          .dtype = DType::f32,
                          .source_rows = 0,
                          .source_cols = 0,
                          .row_map = -1,
                          .col_map = -1,
                          .scale = 1,
                          .fill = is_matrix ? FillKind::normal : FillKind::constant,
                          .fill_value = is_matrix ? job.init_std : double(is_gain)});
  }
  return plan;
}

double cpu_milliseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) { return double(t.tv_sec) * 1e3 + double(t.tv_usec) * 1e-3; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

struct Step {
  double ms, cpu_ms, loss;
};

class Trainer {
 public:
  explicit Trainer(const Job& job)
      : job_(job),
        backend_(make_backend(job.spec)),
        trace_(backend_),
        engine_(std::move(backend_), job.spec) {
    engine_.load(initial_values(job));
    const RandomTokens tokens(kBatches * job.tokens_per_step() + 1, job.spec.shape.vocab_size);
    engine_.open_token_files({tokens.path()});
  }

  Step step() {
    const int64_t length = job_.spec.shape.seq_length, batch = taken_++ % kBatches;
    std::vector<Piece> pieces;
    for (int64_t row = 0; row < job_.batch_size; ++row)
      pieces.push_back({row, 0, (batch * job_.batch_size + row) * length, length, true, true});
    const double cpu = cpu_milliseconds();
    const auto start = std::chrono::steady_clock::now();
    const double loss = engine_.step({pieces, job_.micro_batches(), job_.lr, {}}).loss;
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
    return {ms.count(), cpu_milliseconds() - cpu, loss};
  }

  // Fields of a JSON object, without its braces.
  std::string description() const {
    int64_t parameters = 0;
    for (const ParameterSpec& p : job_.spec.parameters) parameters += p.rows * p.cols;
    char text[512];
    std::snprintf(text, sizeof text,
                  "\"parameters\":%lld,\"flops_per_token\":%.0f,\"tokens_per_step\":%lld,\"device\":\"%s\"",
                  (long long)parameters, model_flops_per_token(job_.spec.shape),
                  (long long)job_.tokens_per_step(), engine_.backend().device->info().name.c_str());
    return text;
  }
  // Fields of a JSON object: as many steps as are timed, traced.
  std::string trace() {
    engine_.set_trace(&trace_.ops());
    trace_.clear();
    double ms = 0;
    for (int64_t i = 0; i < job_.steps; ++i) ms += step().ms;
    engine_.set_trace(nullptr);
    return "\"traced_ms\":" + std::to_string(ms / double(job_.steps)) + "," + trace_.description(job_.steps);
  }
  std::string memory() const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return "\"memory_bytes\":" + std::to_string(engine_.memory_bytes()) +
           ",\"peak_rss_bytes\":" + std::to_string(int64_t(usage.ru_maxrss) * 1024);
  }

 private:
  const Job& job_;
  Backend backend_;  // moved into the engine
  StepTrace trace_;
  Engine engine_;
  int64_t taken_ = 0;
};

void serve(Trainer& trainer) {
  std::cout << "{" << trainer.description() << "}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    FLM_CHECK(line == "step" || line == "memory", ErrorCode::invalid_argument, "unknown request ", line);
    if (line == "memory") {
      std::cout << "{" << trainer.memory() << "}" << std::endl;
      continue;
    }
    const Step step = trainer.step();
    std::cout << "{\"ms\":" << step.ms << ",\"cpu_ms\":" << step.cpu_ms << ",\"loss\":" << step.loss << "}"
              << std::endl;
  }
}

void run(Trainer& trainer, const Job& job) {
  for (int64_t i = 0; i < job.warmup; ++i) trainer.step();
  std::vector<double> times;
  double loss = 0;
  std::string list;
  for (int64_t i = 0; i < job.steps; ++i) {
    const Step step = trainer.step();
    times.push_back(step.ms);
    list += (i ? "," : "") + std::to_string(step.ms);
    loss = step.loss;
  }
  std::sort(times.begin(), times.end());
  const size_t n = times.size();
  const double median = (times[(n - 1) / 2] + times[n / 2]) / 2;
  const double rate = 1e3 * double(job.tokens_per_step()) / median;
  std::cout << "{" << trainer.description() << ",\"median_ms\":" << median << ",\"min_ms\":" << times[0]
            << ",\"tokens_per_second\":" << rate
            << ",\"gflops\":" << rate * model_flops_per_token(job.spec.shape) * 1e-9 << ",\"loss\":" << loss
            << "," << trainer.memory() << ",\"times_ms\":[" << list << "]"
            << (job.trace ? "," + trainer.trace() : "") << "}" << std::endl;
}

}  // namespace
}  // namespace flm::bench

int main(int count, char** arguments) {
  std::cout.precision(10);
  try {
    if (count == 2 && std::string(arguments[1]) == "help=1") {
      std::cout << flm::bench::job_help() << std::endl;
      return 0;
    }
    const auto job = flm::bench::read_job({arguments + 1, size_t(count - 1)});
    flm::bench::Trainer trainer(job);
    job.serve ? flm::bench::serve(trainer) : flm::bench::run(trainer, job);
  } catch (const std::exception& error) {
    std::cerr << "flm_step_bench: " << error.what() << std::endl;
    return 1;
  }
}
