#include "ops/case.h"
#include "ops/masks.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t N, F;
  MaskChoice mask = MaskChoice::none();
};

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = label("swiglu_fwd", {{"N", s.N}, {"F", s.F}, {"mask", s.mask.shown()}}),
          .build =
              [=](Buffers& b) {
                SwigluFwd a{};
                a.y = b.output("y", {s.N, s.F}, Kind::compute);
                a.gate_up = b.input("gate_up", {s.N, 2 * s.F}, Kind::compute, normal(3));
                a.mask = s.mask.bind(b, "mask", s.F);
                a.N = s.N, a.F = s.F;
                return call(&OpTable::swiglu_fwd, a);
              },
          .purpose = purpose};
}

Case bwd(Shape s, bool in_place, Purpose purpose = Purpose::test) {
  return {
      .name = label("swiglu_bwd", {{"N", s.N}, {"F", s.F}, {"mask", s.mask.shown()}, {"in_place", in_place}}),
      .build =
          [=](Buffers& b) {
            SwigluBwd a{};
            if (in_place) {
              a.dgate_up = b.in_out("gate_up", {s.N, 2 * s.F}, Kind::compute, normal(3));
              a.gate_up = a.dgate_up;
            } else {
              a.dgate_up = b.output("dgate_up", {s.N, 2 * s.F}, Kind::compute);
              a.gate_up = b.input("gate_up", {s.N, 2 * s.F}, Kind::compute, normal(3));
            }
            a.y = b.output("y", {s.N, s.F}, Kind::compute);
            a.dy = b.input("dy", {s.N, s.F}, Kind::compute, normal());
            a.mask = s.mask.bind(b, "mask", s.F);
            a.N = s.N, a.F = s.F;
            return call(&OpTable::swiglu_bwd, a);
          },
      .purpose = purpose,
      .forward = shared(fwd(s))};
}

}  // namespace

FLM_OP_CASES(swiglu) {
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

  cases.push_back(fwd({2048, 2816}, Purpose::perf));
  cases.push_back(bwd({2048, 2816}, true, Purpose::perf));
}

}  // namespace flm::test
