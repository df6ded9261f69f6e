#include "ops/case.h"
#include "ops/masks.h"

namespace flm::test {
namespace {

struct Shape {
  int64_t N, C;
  MaskChoice mask = MaskChoice::none();
};

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = label("layer_norm_fwd", {{"N", s.N}, {"C", s.C}, {"mask", s.mask.shown()}}),
          .build =
              [=](Buffers& b) {
                LayerNormFwd a{};
                a.y = b.output("y", {s.N, s.C}, Kind::compute);
                a.mean = b.output("mean", {s.N}, Kind::stat);
                a.rstd = b.output("rstd", {s.N}, Kind::stat);
                a.x = b.input("x", {s.N, s.C}, Kind::compute, normal(2, 0.5));
                a.gain = b.input("gain", {s.C}, Kind::stat, normal(0.2, 1));
                a.bias = b.input("bias", {s.C}, Kind::stat, normal(0.2));
                a.mask = s.mask.bind(b, "mask", s.C);
                a.mask_sum = s.mask.sum(s.C);
                a.N = s.N, a.C = s.C, a.eps = 1e-5;
                return call(&OpTable::layer_norm_fwd, a);
              },
          .purpose = purpose};
}

enum class Residual { none, apart, in_place };

Case bwd(Shape s, Residual residual, Purpose purpose = Purpose::test) {
  return {.name = label("layer_norm_bwd",
                        {{"N", s.N}, {"C", s.C}, {"mask", s.mask.shown()}, {"residual", double(residual)}}),
          .build =
              [=](Buffers& b) {
                LayerNormBwd a{};
                if (residual == Residual::in_place) {
                  a.dx = b.in_out("dx", {s.N, s.C}, Kind::compute, normal());
                  a.residual_grad = a.dx;
                } else {
                  a.dx = b.output("dx", {s.N, s.C}, Kind::compute);
                  if (residual == Residual::apart)
                    a.residual_grad = b.input("residual_grad", {s.N, s.C}, Kind::compute, normal());
                }
                a.dgain = b.in_out("dgain", {s.C}, Kind::stat, normal());
                a.dbias = b.in_out("dbias", {s.C}, Kind::stat, normal());
                a.dy = b.input("dy", {s.N, s.C}, Kind::compute, normal());
                a.x = b.input("x", {s.N, s.C}, Kind::compute, normal(2, 0.5));
                a.gain = b.input("gain", {s.C}, Kind::stat, normal(0.2, 1));
                a.mean = b.input("mean", {s.N}, Kind::stat, constant(0.5));
                a.rstd = b.input("rstd", {s.N}, Kind::stat, constant(0.5));
                a.mask = s.mask.bind(b, "mask", s.C);
                a.mask_sum = s.mask.sum(s.C);
                a.N = s.N, a.C = s.C;
                return call(&OpTable::layer_norm_bwd, a);
              },
          .purpose = purpose,
          .forward = shared(fwd(s))};
}

// One row of six, four of them inherited. Vectors of the masked norms, spec "FLM growth", section 7.2.
Case known_case(double m, std::vector<Known> known) {
  return {.name = label("layer_norm known", {{"mask", m}}),
          .build =
              [=](Buffers& b) {
                LayerNormFwd f{};
                f.y = b.output("y", {6}, Kind::compute);
                f.mean = b.output("mean", {1}, Kind::stat);
                f.rstd = b.output("rstd", {1}, Kind::stat);
                f.x = b.input("x", {6}, Kind::compute, values({1, -2, 3, 0.5, 7, -7}));
                f.gain = b.input("gain", {6}, Kind::stat, values({1, 1.1, 0.9, 1.2, 0.8, 1.3}));
                f.bias = b.input("bias", {6}, Kind::stat, values({0.1, 0, -0.1, 0.2, 0.05, -0.05}));
                f.mask = b.input("mask", {6}, Kind::stat, growth_mask(4, 6, m));
                f.mask_sum = 4 + 2 * m;
                f.N = 1, f.C = 6, f.eps = 1e-5;
                LayerNormBwd g{};
                g.dx = b.output("dx", {6}, Kind::compute);
                g.dgain = b.in_out("dgain", {6}, Kind::stat, constant(0));
                g.dbias = b.in_out("dbias", {6}, Kind::stat, constant(0));
                g.dy = b.input("dy", {6}, Kind::compute, values({0.3, -0.1, 0.2, 0.4, -0.5, 0.6}));
                g.x = f.x, g.gain = f.gain, g.mask = f.mask, g.mean = f.mean, g.rstd = f.rstd;
                g.mask_sum = f.mask_sum, g.N = 1, g.C = 6;
                return [=](Context& context, const OpTable& ops) {
                  ops.layer_norm_fwd(context, f);
                  ops.layer_norm_bwd(context, g);
                };
              },
          .known = std::move(known),
          .runs = Runs::not_bf16};
}

}  // namespace

FLM_OP_CASES(layer_norm) {
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
  cases.push_back(bwd({1, 6144}, Residual::none));
  cases.push_back(bwd({3, 10}, Residual::none, Purpose::gradient));
  for (const double m : {0.0, 0.3, 1.0})
    cases.push_back(bwd({3, 10, {m}}, Residual::none, Purpose::gradient));

  cases.push_back(known_case(0, {{"y", {0.31055839, -1.6212996029, 1.1001828229, 0.115776644, 0, 0}}}));
  cases.push_back(known_case(
      0.25, {{"y", {0.2542458846, -0.9756052199, 0.6635171286, 0.1768631173, 0.4598130652, -0.8647085122}}}));
  cases.push_back(known_case(
      0.5, {{"y", {0.2419904013, -0.7809472072, 0.5389568059, 0.2, 0.7633500868, -1.4094064127}},
            {"dx", {0.0337982897, -0.1286661743, 0.0304088166, 0.0772427783, -0.0364618012, 0.0236780909}},
            {"dgain", {0.0425971204, 0.0709952007, 0.1419904013, 0, -0.4614688042, -0.6389568059}},
            {"dbias", {0.3, -0.1, 0.2, 0.4, -0.25, 0.3}}}));
  cases.push_back(known_case(
      1, {{"y", {0.2354951144, -0.6174705928, 0.4400448131, 0.2232277339, 1.2733273186, -2.2895406766}}}));

  cases.push_back(fwd({4096, 1024}, Purpose::perf));
  cases.push_back(bwd({4096, 1024}, Residual::apart, Purpose::perf));
}

}  // namespace flm::test
