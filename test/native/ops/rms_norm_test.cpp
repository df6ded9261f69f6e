#include "ops/case.h"
#include "ops/masks.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t N, C;
  MaskChoice mask = MaskChoice::none();
};

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = label("rms_norm_fwd", {{"N", s.N}, {"C", s.C}, {"mask", s.mask.shown()}}),
          .build =
              [=](Buffers& b) {
                RmsNormFwd a{};
                a.y = b.output("y", {s.N, s.C}, Kind::compute);
                a.rstd = b.output("rstd", {s.N}, Kind::stat);
                a.x = b.input("x", {s.N, s.C}, Kind::compute, normal(2, 0.5));
                a.gain = b.input("gain", {s.C}, Kind::stat, normal(0.2, 1));
                a.mask = s.mask.bind(b, "mask", s.C);
                a.mask_sum = s.mask.sum(s.C);
                a.N = s.N, a.C = s.C, a.eps = 1e-5;
                return call(&OpTable::rms_norm_fwd, a);
              },
          .purpose = purpose};
}

enum class Residual { none, apart, in_place };

Case bwd(Shape s, Residual residual, Purpose purpose = Purpose::test) {
  return {.name = label("rms_norm_bwd",
                        {{"N", s.N}, {"C", s.C}, {"mask", s.mask.shown()}, {"residual", double(residual)}}),
          .build =
              [=](Buffers& b) {
                RmsNormBwd a{};
                if (residual == Residual::in_place) {
                  a.dx = b.in_out("dx", {s.N, s.C}, Kind::compute, normal());
                  a.residual_grad = a.dx;
                } else {
                  a.dx = b.output("dx", {s.N, s.C}, Kind::compute);
                  if (residual == Residual::apart)
                    a.residual_grad = b.input("residual_grad", {s.N, s.C}, Kind::compute, normal());
                }
                a.dgain = b.in_out("dgain", {s.C}, Kind::stat, normal());
                a.dy = b.input("dy", {s.N, s.C}, Kind::compute, normal());
                a.x = b.input("x", {s.N, s.C}, Kind::compute, normal(2, 0.5));
                a.gain = b.input("gain", {s.C}, Kind::stat, normal(0.2, 1));
                a.rstd = b.input("rstd", {s.N}, Kind::stat, constant(0.5));
                a.mask = s.mask.bind(b, "mask", s.C);
                a.mask_sum = s.mask.sum(s.C);
                a.N = s.N, a.C = s.C;
                return call(&OpTable::rms_norm_bwd, a);
              },
          .purpose = purpose,
          .forward = shared(fwd(s))};
}

// One row of six, four of them inherited. Vectors of the masked norms, spec "FLM growth", section 7.2.
Case known_case(double m, std::vector<Known> known) {
  return {.name = label("rms_norm known", {{"mask", m}}),
          .build =
              [=](Buffers& b) {
                RmsNormFwd f{};
                f.y = b.output("y", {6}, Kind::compute);
                f.rstd = b.output("rstd", {1}, Kind::stat);
                f.x = b.input("x", {6}, Kind::compute, values({1, -2, 3, 0.5, 7, -7}));
                f.gain = b.input("gain", {6}, Kind::stat, values({1, 1.1, 0.9, 1.2, 0.8, 1.3}));
                f.mask = b.input("mask", {6}, Kind::stat, growth_mask(4, 6, m));
                f.mask_sum = 4 + 2 * m;
                f.N = 1, f.C = 6, f.eps = 1e-5;
                RmsNormBwd g{};
                g.dx = b.output("dx", {6}, Kind::compute);
                g.dgain = b.in_out("dgain", {6}, Kind::stat, constant(0));
                g.dy = b.input("dy", {6}, Kind::compute, values({0.3, -0.1, 0.2, 0.4, -0.5, 0.6}));
                g.x = f.x, g.gain = f.gain, g.mask = f.mask, g.rstd = f.rstd;
                g.mask_sum = f.mask_sum, g.N = 1, g.C = 6;
                return [=](Context& context, const OpTable& ops) {
                  ops.rms_norm_fwd(context, f);
                  ops.rms_norm_bwd(context, g);
                };
              },
          .known = std::move(known),
          .runs = Runs::not_bf16};
}

}  // namespace

FLM_OP_CASES(rms_norm) {
  cases.push_back(fwd({1, 1}));  // the gradient of one channel is all cancellation
  const Shape shapes[] = {{0, 8}, {1, 3}, {1, 64}, {7, 63}, {17, 65}, {129, 7}, {65, 1029}};
  for (Shape s : shapes) {
    cases.push_back(fwd(s));
    cases.push_back(bwd(s, Residual::none));
    cases.push_back(bwd(s, Residual::apart));
    cases.push_back(bwd(s, Residual::in_place));
    for (const double m : {0.0, 0.3, 1.0}) {
      const Shape masked{s.N, s.C, {m}};
      cases.push_back(fwd(masked));
      cases.push_back(bwd(masked, Residual::apart));
      if (m == 1) {
        (cases.end() - 2)->same_bits = shared(fwd(s));
        (cases.end() - 1)->same_bits = shared(bwd(s, Residual::apart));
      }
    }
  }
  // On a GPU as much shared memory as a block gets unasked, but for the static part.
  cases.push_back(bwd({1, 12288}, Residual::none));
  cases.push_back(bwd({3, 10}, Residual::none, Purpose::gradient));
  for (const double m : {0.0, 0.3, 1.0})
    cases.push_back(bwd({3, 10, {m}}, Residual::none, Purpose::gradient));

  cases.push_back(known_case(0, {{"y", {0.5298121992, -1.1655868383, 1.4304929379, 0.3178873195, 0, 0}}}));
  cases.push_back(known_case(
      0.5, {{"y", {0.2811606674, -0.6185534683, 0.7591338021, 0.1686964005, 0.7872498688, -1.2792810368}},
            {"dx", {0.0969281854, -0.0560876437, 0.0883488755, 0.1412471129, -0.0122021855, 0.0656227123}}}));

  cases.push_back(fwd({4096, 1024}, Purpose::perf));
  cases.push_back(bwd({4096, 1024}, Residual::apart, Purpose::perf));
}

}  // namespace flm::test
