#include <cmath>

#include "ops/case.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t N, V;               // of the whole vocabulary
  std::vector<int64_t> cuts;  // where shards begin, and V
  Kind logits = Kind::compute;
  bool in_place = false;
  int64_t ld() const { return V + 3; }
  int64_t shards() const { return int64_t(cuts.size()) - 1; }
  int64_t width(int64_t shard) const { return cuts[size_t(shard) + 1] - cuts[size_t(shard)]; }
};

// Every fifth row is ignored.
std::vector<int32_t> targets(const Shape& s) {
  std::vector<int32_t> list;
  for (int64_t n = 0; n < s.N; ++n) list.push_back(n % 5 == 3 ? -1 : int32_t(n * 7919 % s.V));
  return list;
}

std::string name_of_case(const char* op, const Shape& s) {
  return label(op, {{"N", s.N},
                    {"V", s.V},
                    {"shards", s.shards()},
                    {"f32_logits", s.logits == Kind::stat},
                    {"in_place", s.in_place}});
}

// The first op on every shard: stats of shard 0, 1, ... one after another.
void each_shard_fwd(const Shape& s, Context& context, const OpTable& ops, CrossEntropyFwd a) {
  const CrossEntropyFwd whole = a;
  for (int64_t shard = 0; shard < s.shards(); ++shard) {
    a.vocab_start = s.cuts[size_t(shard)];
    a.V = s.width(shard);
    a.logits = whole.logits.at(a.vocab_start);
    a.stats = whole.stats.at(shard * s.N * 3);
    ops.cross_entropy_fwd(context, a);
  }
}

CrossEntropyFwd bind_fwd(Buffers& b, const Shape& s) {
  CrossEntropyFwd a{};
  a.stats = b.output("stats", {s.shards() * s.N, 3}, Kind::stat);
  a.logits = b.input("logits", {s.N, s.V, s.ld()}, s.logits, normal(3));
  a.targets = b.indices("targets", targets(s));
  a.N = s.N, a.ld = s.ld();
  return a;
}

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("cross_entropy_fwd", s),
          .build = [=](Buffers& b) -> Call {
            const CrossEntropyFwd a = bind_fwd(b, s);
            return [=](Context& context, const OpTable& ops) { each_shard_fwd(s, context, ops, a); };
          },
          .purpose = purpose};
}

// Both ops, losses only: the function whose gradient cross_entropy_bwd computes.
Case losses(Shape s) {
  return {.name = name_of_case("cross_entropy losses", s), .build = [=](Buffers& b) -> Call {
            const CrossEntropyFwd first = bind_fwd(b, s);
            CrossEntropyBwd a{};
            a.loss = b.output("loss", {s.N}, Kind::stat);
            a.logits = first.logits, a.stats = first.stats, a.targets = first.targets;
            a.N = s.N, a.V = s.width(0), a.ld = s.ld(), a.shards = s.shards();
            return [=](Context& context, const OpTable& ops) {
              each_shard_fwd(s, context, ops, first);
              ops.cross_entropy_bwd(context, a);
            };
          }};
}

Case bwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("cross_entropy_bwd", s),
          .build = [=](Buffers& b) -> Call {
            CrossEntropyBwd a{};
            a.loss = b.output("loss", {s.N}, Kind::stat);
            if (s.in_place) {
              a.dlogits = b.in_out("logits", {s.N, s.V, s.ld()}, s.logits, normal(3));
              a.logits = a.dlogits;
            } else {
              a.dlogits = b.output("dlogits", {s.N, s.V, s.ld()}, Kind::compute);
              a.logits = b.input("logits", {s.N, s.V, s.ld()}, s.logits, normal(3));
            }
            a.stats = b.input("stats", {s.shards() * s.N, 3}, Kind::stat, values({9, 20, 1}));
            a.targets = b.indices("targets", targets(s));
            // A row's weight is the gradient of the total with respect to the row's loss.
            a.weight = b.input("dloss", {s.N}, Kind::stat, uniform(0.1, 1));
            a.N = s.N, a.ld = s.ld(), a.shards = s.shards();
            return [=](Context& context, const OpTable& ops) {
              CrossEntropyBwd part = a;
              for (int64_t shard = 0; shard < s.shards(); ++shard) {
                part.vocab_start = s.cuts[size_t(shard)];
                part.V = s.width(shard);
                part.logits = a.logits.at(part.vocab_start);
                part.dlogits = a.dlogits.at(part.vocab_start);
                ops.cross_entropy_bwd(context, part);
              }
            };
          },
          .purpose = purpose,
          .forward = shared(losses(s))};
}

// Two rows of logits so large that an exponential without the maximum taken off overflows; equal logits make
// the loss log(V).
Case large_logits() {
  return {.name = "cross_entropy large logits",
          .build = [](Buffers& b) -> Call {
            CrossEntropyFwd f{};
            f.stats = b.output("stats", {2, 3}, Kind::stat);
            f.logits =
                b.input("logits", {2, 4}, Kind::compute, values({1e4, 1e4, 1e4, 1e4, -1e4, 0, 1e4, 0}));
            f.targets = b.indices("targets", {2, 2});
            f.N = 2, f.V = 4, f.ld = 4;
            CrossEntropyBwd g{};
            g.loss = b.output("loss", {2}, Kind::stat);
            g.dlogits = b.output("dlogits", {2, 4}, Kind::compute);
            g.logits = f.logits, g.stats = f.stats, g.targets = f.targets;
            g.weight = b.input("dloss", {2}, Kind::stat, constant(0.5));
            g.N = 2, g.V = 4, g.ld = 4, g.shards = 1;
            return [=](Context& context, const OpTable& ops) {
              ops.cross_entropy_fwd(context, f);
              ops.cross_entropy_bwd(context, g);
            };
          },
          .known = {{"loss", {std::log(4.0), 0}}, {"dlogits", {0.125, 0.125, -0.375, 0.125, 0, 0, 0, 0}}}};
}

// FreeLM's two signals in one batch, with the losses of the specification's test vectors: four language
// targets, and a teacher sample of which the label alone is a target.
Case freelm() {
  std::vector<double> logits;
  for (const double seed : {0.5, 2.5})
    for (int k = 0; k < 24; ++k) logits.push_back(std::round(1e4 * std::sin(seed + 1.7 * k)) / 1e4);
  return {
      .name = "cross_entropy FreeLM",
      .build = [=](Buffers& b) -> Call {
        CrossEntropyFwd f{};
        f.stats = b.output("stats", {8, 3}, Kind::stat);
        f.logits = b.input("logits", {8, 6}, Kind::stat, values(logits));
        f.targets = b.indices("targets", {3, 1, 4, 2, -1, -1, -1, 4});
        f.N = 8, f.V = 6, f.ld = 6;
        CrossEntropyBwd g{};
        g.loss = b.output("loss", {8}, Kind::stat);
        g.logits = f.logits, g.stats = f.stats, g.targets = f.targets;
        g.N = 8, g.V = 6, g.ld = 6, g.shards = 1;
        return [=](Context& context, const OpTable& ops) {
          ops.cross_entropy_fwd(context, f);
          ops.cross_entropy_bwd(context, g);
        };
      },
      .known = {{"loss", {2.7997583985, 2.0597228682, 1.5032332159, 2.0975740034, 0, 0, 0, 1.3014330978}}}};
}

}  // namespace

FLM_OP_CASES(cross_entropy) {
  cases.push_back(freelm());
  const Shape shapes[] = {{0, 8, {0, 8}},          {1, 1, {0, 1}},
                          {7, 63, {0, 63}},        {17, 65, {0, 65}},
                          {65, 129, {0, 43, 129}}, {9, 7, {0, 2, 4, 6, 7, 7}},
                          {5, 2049, {0, 2049}},    {33, 5003, {0, 2501, 5003}}};
  for (Shape s : shapes)
    for (const Kind logits : {Kind::compute, Kind::stat}) {
      s.logits = logits;
      s.in_place = false;
      cases.push_back(fwd(s));
      cases.push_back(bwd(s));
      s.in_place = logits == Kind::compute;
      if (s.in_place) cases.push_back(bwd(s));
    }
  cases.push_back(bwd({6, 7, {0, 7}}, Purpose::gradient));
  cases.push_back(bwd({6, 7, {0, 3, 7}}, Purpose::gradient));
  cases.push_back(large_logits());

  cases.push_back(fwd({256, 32000, {0, 32000}}, Purpose::perf));
  cases.push_back(bwd({256, 32000, {0, 32000}, Kind::compute, true}, Purpose::perf));
}

}  // namespace flm::test
