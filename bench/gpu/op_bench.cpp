// Speed of the ops that take most of a training step, one at a time: the products of a model's layers and
// head, and its attention, on the CPU or a GPU.
//   flm_op_bench [name=value]...    names and defaults, those of a model: flm_step_bench help=1
// Prints a line of JSON for each op. With serve=1 it is a contender of bench/gpu/turns.py: a first line that
// lists the ops and their FLOPs, then a line of JSON for each line on standard input that names one.
#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../step/job.h"
#include "core/error.h"
#include "core/philox.h"

namespace flm::bench {
namespace {

constexpr int64_t kHeadRows = 8192;  // at most: the head works on chunks of rows
constexpr int kWarmups = 3;

// Device memory that goes away with its scope, zeros at first.
class Memory {
 public:
  Memory(Device& device, size_t bytes) : device_(device), data_(device.allocate(bytes)) {
    device.fill_zero(data_, bytes, device.stream(StreamRole::compute));
  }
  ~Memory() { device_.release(data_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void upload(const void* from, size_t bytes) {
    const Stream stream = device_.stream(StreamRole::compute);
    device_.copy(data_, from, bytes, CopyKind::host_to_device, stream);
    device_.synchronize(stream);
  }
  void* data() const { return data_; }

 private:
  Device& device_;
  void* data_;
};

// The ops of one model on one device. An op's memory is there while it is timed: together they would not fit.
class Bench {
 public:
  explicit Bench(const Job& job)
      : shape_(job.spec.shape),
        tokens_(job.tokens_per_step()),
        dtype_(job.spec.precision == Precision::bf16 ? DType::bf16 : DType::f32),
        backend_(make_backend(job.spec)) {}

  struct Op {
    std::string name;
    double flops;
    std::function<double()> milliseconds;  // of one call
  };
  std::vector<Op> ops() {
    std::vector<Op> all;
    const ModelShape& s = shape_;
    add_products(all, "qkv", s.qkv_size(), s.hidden_size, tokens_);
    add_products(all, "attention out", s.hidden_size, s.query_size(), tokens_);
    add_products(all, "ffn in", s.ffn_in_size(), s.hidden_size, tokens_);
    add_products(all, "ffn out", s.hidden_size, s.ffn_hidden_size, tokens_);
    add_products(all, "head", s.vocab_size, s.hidden_size, std::min(tokens_, kHeadRows));
    // Causal: half of the square. Backward has five products that cannot be done without.
    const double product = double(tokens_) * double(s.seq_length) * double(s.query_size());
    all.push_back({"attention_fwd", 2 * product, [this] { return attention(false); }});
    all.push_back({"attention_bwd", 5 * product, [this] { return attention(true); }});
    return all;
  }

 private:
  struct Product {
    int64_t M, N, K;
    bool transpose_a, transpose_b, accumulate;
  };

  void add_products(std::vector<Op>& all, const std::string& name, int64_t out, int64_t in, int64_t rows) {
    const double flops = 2 * double(rows) * double(out) * double(in);
    const auto add = [&](const char* suffix, Product p) {
      all.push_back({name + suffix, flops, [this, p] { return product(p); }});
    };
    add("", {rows, out, in, false, true, false});
    add(": dx", {rows, in, out, false, false, false});
    add(": dW", {out, in, rows, true, false, true});
  }

  double product(const Product& p) {
    const DType out = p.accumulate ? DType::f32 : dtype_;
    const auto a = random(p.M * p.K), b = random(p.K * p.N), c = zeros(p.M * p.N, out);
    Matmul args{};
    args.c = {c->data(), out};
    args.a = {a->data(), dtype_};
    args.b = {b->data(), dtype_};
    args.M = p.M, args.N = p.N, args.K = p.K;
    args.lda = p.transpose_a ? p.M : p.K;
    args.ldb = p.transpose_b ? p.K : p.N;
    args.ldc = p.N;
    args.transpose_a = p.transpose_a;
    args.transpose_b = p.transpose_b;
    args.accumulate = p.accumulate;
    return time([&](Context& context) { backend_.ops->matmul(context, args); });
  }

  double attention(bool backward) {
    const ModelShape& s = shape_;
    const int64_t N = tokens_, segments = N / s.seq_length;
    const auto qkv = random(N * s.qkv_size()), dout = random(N * s.query_size());
    const auto dqkv = zeros(N * s.qkv_size(), dtype_), o = zeros(N * s.query_size(), dtype_);
    const auto lse = zeros(s.num_attention_heads * N, DType::f32), starts = zeros(segments + 1, DType::i32);
    std::vector<int32_t> first;
    for (int64_t i = 0; i <= segments; ++i) first.push_back(int32_t(i * s.seq_length));
    starts->upload(first.data(), first.size() * sizeof(int32_t));
    const In in{qkv->data(), dtype_};
    const Out grad{dqkv->data(), dtype_}, out{o->data(), dtype_}, sums{lse->data(), DType::f32};
    const int64_t k = s.query_size(), v = k + s.kv_size();
    const AttentionFwd fwd{.o = out,
                           .lse = sums,
                           .q = in,
                           .k = in.at(k),
                           .v = in.at(v),
                           .qkv_stride = s.qkv_size(),
                           .segment_starts = {starts->data(), DType::i32},
                           .num_segments = segments,
                           .max_segment = s.seq_length,
                           .N = N,
                           .H = s.num_attention_heads,
                           .G = s.num_kv_heads,
                           .D = s.head_size,
                           .scale = s.attention_scale};
    const double forward = time([&](Context& context) { backend_.ops->attention_fwd(context, fwd); });
    if (!backward) return forward;
    const AttentionBwd bwd{.dq = grad,
                           .dk = grad.at(k),
                           .dv = grad.at(v),
                           .dout = {dout->data(), dtype_},
                           .o = out,
                           .lse = sums,
                           .q = in,
                           .k = in.at(k),
                           .v = in.at(v),
                           .qkv_stride = s.qkv_size(),
                           .segment_starts = fwd.segment_starts,
                           .num_segments = segments,
                           .max_segment = s.seq_length,
                           .N = N,
                           .H = s.num_attention_heads,
                           .G = s.num_kv_heads,
                           .D = s.head_size,
                           .scale = s.attention_scale};
    return time([&](Context& context) { backend_.ops->attention_bwd(context, bwd); });
  }

  std::unique_ptr<Memory> zeros(int64_t count, DType dtype) {
    return std::make_unique<Memory>(*backend_.device, size_t(count) * size_of(dtype));
  }

  // A GPU's power, and with it its clock, depends on the values: a small table of normal ones, again and
  // again.
  std::unique_ptr<Memory> random(int64_t count) {
    constexpr int64_t kTable = 65521;
    std::vector<float> table;
    for (int64_t i = 0; i < kTable; ++i) table.push_back(float(philox_normal(1, 0, uint64_t(i))));
    const size_t bytes = size_t(count) * size_of(dtype_);
    std::vector<unsigned char> host(bytes);
    for (int64_t i = 0; i < count; ++i) {
      if (dtype_ == DType::bf16)
        reinterpret_cast<bf16*>(host.data())[i] = to_bf16(table[size_t(i % kTable)]);
      else
        reinterpret_cast<float*>(host.data())[i] = table[size_t(i % kTable)];
    }
    auto memory = std::make_unique<Memory>(*backend_.device, bytes);
    memory->upload(host.data(), bytes);
    return memory;
  }

  // Milliseconds of one call. On a GPU many are enqueued at once, so that starting them costs nothing.
  template <class Call>
  double time(Call&& call) {
    Device& device = *backend_.device;
    Context context = backend_.context();
    context.measuring = true;
    call(context);
    context.measuring = false;
    const Memory workspace(device, std::max<size_t>(context.workspace_needed, 1));
    context.workspace = workspace.data();
    context.workspace_bytes = context.workspace_needed;
    for (int i = 0; i < kWarmups; ++i) call(context);
    device.synchronize(context.stream);
    const int repeats = device.host_accessible() ? 1 : 20;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) call(context);
    device.synchronize(context.stream);
    const std::chrono::duration<double, std::milli> all = std::chrono::steady_clock::now() - start;
    return all.count() / repeats;
  }

  const ModelShape shape_;
  const int64_t tokens_;
  const DType dtype_;
  const Backend backend_;
};

void serve(const std::vector<Bench::Op>& ops) {
  std::string list;
  for (const Bench::Op& op : ops)
    list += (list.empty() ? "\"" : ",\"") + op.name + "\":" + std::to_string(op.flops);
  std::cout << "{\"ops\":{" << list << "}}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto op =
        std::find_if(ops.begin(), ops.end(), [&](const Bench::Op& each) { return each.name == line; });
    FLM_CHECK(op != ops.end(), ErrorCode::invalid_argument, "there is no op ", line);
    std::cout << "{\"ms\":" << op->milliseconds() << "}" << std::endl;
  }
}

}  // namespace
}  // namespace flm::bench

int main(int count, char** arguments) {
  using flm::bench::Bench;
  std::cout.precision(10);
  try {
    const auto job = flm::bench::read_job({arguments + 1, size_t(count - 1)});
    Bench bench(job);
    const std::vector<Bench::Op> ops = bench.ops();
    if (job.serve) {
      flm::bench::serve(ops);
      return 0;
    }
    for (const Bench::Op& op : ops) {
      const double ms = op.milliseconds();
      std::cout << "{\"op\":\"" << op.name << "\",\"ms\":" << ms << ",\"gflops\":" << op.flops / ms * 1e-6
                << "}" << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << "flm_op_bench: " << error.what() << std::endl;
    return 1;
  }
}
