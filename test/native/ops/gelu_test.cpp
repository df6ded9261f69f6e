#include "ops/case.h"
#include "ops/masks.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t N, F;
  MaskChoice mask = MaskChoice::none();
};

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = label("gelu_fwd", {{"N", s.N}, {"F", s.F}, {"mask", s.mask.shown()}}),
          .build =
              [=](Buffers& b) {
                GeluFwd a{};
                a.y = b.output("y", {s.N, s.F}, Kind::compute);
                a.x = b.input("x", {s.N, s.F}, Kind::compute, normal(2));
                a.mask = s.mask.bind(b, "mask", s.F);
                a.N = s.N, a.F = s.F;
                return call(&OpTable::gelu_fwd, a);
              },
          .purpose = purpose};
}

Case bwd(Shape s, bool in_place, Purpose purpose = Purpose::test) {
  return {
      .name = label("gelu_bwd", {{"N", s.N}, {"F", s.F}, {"mask", s.mask.shown()}, {"in_place", in_place}}),
      .build =
          [=](Buffers& b) {
            GeluBwd a{};
            if (in_place) {
              a.dx = b.in_out("dy", {s.N, s.F}, Kind::compute, normal());
              a.dy = a.dx;
            } else {
              a.dx = b.output("dx", {s.N, s.F}, Kind::compute);
              a.dy = b.input("dy", {s.N, s.F}, Kind::compute, normal());
            }
            a.y = b.output("y", {s.N, s.F}, Kind::compute);
            a.x = b.input("x", {s.N, s.F}, Kind::compute, normal(2));
            a.mask = s.mask.bind(b, "mask", s.F);
            a.N = s.N, a.F = s.F;
            return call(&OpTable::gelu_bwd, a);
          },
      .purpose = purpose,
      .forward = shared(fwd(s))};
}

// Far out on both sides, where a naive tanh overflows.
Case far_out() {
  return {.name = "gelu_fwd far out",
          .build =
              [](Buffers& b) {
                GeluFwd a{};
                a.y = b.output("y", {6}, Kind::compute);
                a.x = b.input("x", {6}, Kind::compute, values({-1e4, -60, 0, 1e-6, 60, 1e4}));
                a.N = 1, a.F = 6;
                return call(&OpTable::gelu_fwd, a);
              },
          .known = {{"y", {0, 0, 0, 5e-7, 60, 1e4}}},
          .runs = Runs::not_bf16};
}

}  // namespace

FLM_OP_CASES(gelu) {
  const Shape shapes[] = {{0, 8}, {1, 1}, {1, 64}, {7, 63}, {17, 65}, {129, 7}, {65, 513}};
  for (Shape s : shapes) {
    cases.push_back(fwd(s));
    cases.push_back(bwd(s, false));
    cases.back().same_bits = shared(fwd(s));  // of y
    cases.push_back(bwd(s, true));
    for (const double m : {0.0, 0.3, 1.0}) {
      const Shape masked{s.N, s.F, {m}};
      cases.push_back(fwd(masked));
      cases.push_back(bwd(masked, false));
      cases.back().same_bits = shared(fwd(masked));
      cases.push_back(bwd(masked, true));
      if (m == 1) {
        (cases.end() - 3)->same_bits = shared(fwd(s));
        (cases.end() - 1)->same_bits = shared(bwd(s, true));
      }
    }
  }
  cases.push_back(bwd({3, 9}, false, Purpose::gradient));
  cases.push_back(bwd({3, 9, {0.3}}, false, Purpose::gradient));
  cases.push_back(far_out());

  cases.push_back(fwd({2048, 4096}, Purpose::perf));
  cases.push_back(bwd({2048, 4096}, true, Purpose::perf));
}

}  // namespace flm::test
