#include <algorithm>
#include <numeric>

#include "ops/case.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t N, C, V;
  int64_t vocab_start = 0;
  bool positions = false;
  bool wide = false;  // weights are f32 also where x is bf16
  double scale = 1.7;
};

constexpr int64_t kPositions = 9;  // rows of the position table

// Every fourth token is the same frequent one; ids run beyond [vocab_start, vocab_start + V) on both sides
// when this is a shard.
std::vector<int32_t> tokens(const Shape& s) {
  const int64_t vocabulary = s.vocab_start == 0 ? s.V : s.vocab_start + s.V + 3;
  std::vector<int32_t> list;
  for (int64_t n = 0; n < s.N; ++n)
    list.push_back(int32_t(n % 4 == 1 ? s.vocab_start : n * 7919 % vocabulary));
  return list;
}

std::string name_of_case(const char* op, const Shape& s) {
  return label(op, {{"N", s.N},
                    {"C", s.C},
                    {"V", s.V},
                    {"start", s.vocab_start},
                    {"positions", s.positions},
                    {"wide", s.wide}});
}

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("embedding_fwd", s),
          .build =
              [=](Buffers& b) {
                EmbeddingFwd a{};
                const Kind kind = s.wide ? Kind::stat : Kind::compute;
                a.x = b.output("x", {s.N, s.C}, Kind::compute);
                a.weight = b.input("weight", {s.V, s.C}, kind, normal());
                a.tokens = b.indices("tokens", tokens(s));
                if (s.positions) {
                  a.position_weight = b.input("position_weight", {kPositions, s.C}, kind, normal());
                  std::vector<int32_t> positions;
                  for (int64_t n = 0; n < s.N; ++n) positions.push_back(int32_t(n % kPositions));
                  a.positions = b.indices("positions", positions);
                }
                a.N = s.N, a.C = s.C, a.V = s.V, a.vocab_start = s.vocab_start, a.scale = s.scale;
                return call(&OpTable::embedding_fwd, a);
              },
          .purpose = purpose};
}

// Weights of f32 are read as though they had been rounded to bf16 before.
Case fwd_wide(Shape s) {
  // Whether a product and a sum round once or twice is the compiler's choice, in either.
  if (s.positions) s.scale = 1;
  Case rounded_before = fwd(s);
  s.wide = true;
  Case made = fwd(s);
  made.runs = Runs::only_bf16;
  made.cpu_only = true;
  made.same_bits = shared(std::move(rounded_before));
  // Two roundings.
  made.tolerance_bf16 *= 2;
  return made;
}

Case bwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("embedding_bwd", s),
          .build =
              [=](Buffers& b) {
                const std::vector<int32_t> list = tokens(s);
                std::vector<int32_t> order(list.size()), ids, starts;
                std::iota(order.begin(), order.end(), 0);
                std::stable_sort(order.begin(), order.end(),
                                 [&](int32_t i, int32_t j) { return list[size_t(i)] < list[size_t(j)]; });
                // Runs of equal ids; those of other shards are left out.
                int32_t end = 0;
                for (int32_t j = 0; j < int32_t(order.size()); ++j) {
                  const int64_t id = list[size_t(order[size_t(j)])] - s.vocab_start;
                  if (id < 0 || id >= s.V) continue;
                  if (ids.empty() || ids.back() != id) ids.push_back(int32_t(id)), starts.push_back(j);
                  end = j + 1;
                }
                starts.push_back(end);
                EmbeddingBwd a{};
                a.dweight = b.in_out("dweight", {s.V, s.C}, Kind::stat, normal());
                a.dx = b.input("dx", {s.N, s.C}, Kind::compute, normal());
                a.order = b.indices("order", order);
                a.ids = b.indices("ids", ids);
                a.starts = b.indices("starts", starts);
                a.U = int64_t(ids.size()), a.C = s.C, a.scale = 1.7;
                return call(&OpTable::embedding_bwd, a);
              },
          .purpose = purpose,
          .forward = purpose == Purpose::gradient ? shared(fwd(s)) : nullptr};
}

}  // namespace

FLM_OP_CASES(embedding) {
  for (const Shape s : {Shape{0, 8, 5}, Shape{1, 1, 1}, Shape{7, 63, 11}, Shape{17, 64, 5},
                        Shape{65, 65, 129}, Shape{129, 7, 17}, Shape{1025, 257, 63}})
    for (const int64_t start : {0, 3})
      for (const bool positions : {false, true}) {
        cases.push_back(fwd({s.N, s.C, s.V, start, positions}));
        cases.push_back(fwd_wide({s.N, s.C, s.V, start, positions}));
        if (!positions) cases.push_back(bwd({s.N, s.C, s.V, start}));
      }
  cases.push_back(bwd({13, 5, 7}, Purpose::gradient));
  cases.push_back(bwd({13, 5, 4, 2}, Purpose::gradient));

  cases.push_back(fwd({4096, 1024, 4096}, Purpose::perf));
  cases.push_back(bwd({4096, 1024, 4096}, Purpose::perf));
}

}  // namespace flm::test
