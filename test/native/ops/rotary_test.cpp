#include <cmath>
#include <limits>

#include "ops/case.h"

namespace flm::test {
namespace {

enum class Tables { xpos, rope, null };

struct Shape {
  int64_t N, H, G, D;
  Tables tables = Tables::xpos;
  double mask = -1;         // of the last query head and the last key/value head; -1: none
  double scale_base = 512;  // of xPos
  int64_t heads() const { return H + 2 * G; }
};

// (T, D/2) tables as flm-train makes them, spec "FLM", section 1.3; the values are f(position, pair).
std::vector<double> table(int64_t T, int64_t D, const std::function<double(int64_t, int64_t)>& value) {
  std::vector<double> all;
  for (int64_t n = 0; n < T; ++n)
    for (int64_t i = 0; i < D / 2; ++i) all.push_back(value(n, i));
  return all;
}

// Binds all of RotaryFwd or RotaryBwd except the tensor that is turned.
template <class Args>
void bind_common(Buffers& b, const Shape& s, Args& a) {
  const int64_t T = s.N + 3;
  const auto angle = [=](int64_t n, int64_t i) {
    return double(n) * std::pow(1e4, -2.0 * double(i) / double(s.D));
  };
  if (s.tables != Tables::null) {
    const auto cosines = table(T, s.D, [&](int64_t n, int64_t i) { return std::cos(angle(n, i)); });
    const auto sines = table(T, s.D, [&](int64_t n, int64_t i) { return std::sin(angle(n, i)); });
    a.cos = b.input("cos", {T, s.D / 2}, Kind::stat, values(cosines));
    a.sin = b.input("sin", {T, s.D / 2}, Kind::stat, values(sines));
    std::vector<int32_t> positions;
    for (int64_t n = 0; n < s.N; ++n) positions.push_back(int32_t(n * 5 % T));
    if (s.N == 4) positions = {0, 1, 2, 3};  // the known cases
    a.positions = b.indices("positions", positions);
  }
  if (s.tables == Tables::xpos) {
    const auto zeta = table(T, s.D, [&](int64_t n, int64_t i) {
      const double base = (2 * double(i) + 0.4 * double(s.D)) / (1.4 * double(s.D));
      return std::pow(base, (double(n) - std::ceil(double(s.N) / 2)) / s.scale_base);
    });
    a.zeta = b.input("zeta", {T, s.D / 2}, Kind::stat, values(zeta));
  }
  if (s.mask >= 0) {
    std::vector<double> mask(size_t(s.heads()), 1.0);
    for (const int64_t last : {s.H - 1, s.H + s.G - 1, s.heads() - 1}) mask[size_t(last)] = s.mask;
    a.head_mask = b.input("head_mask", {s.heads()}, Kind::stat, values(mask));
  }
  a.N = s.N, a.H = s.H, a.G = s.G, a.D = s.D;
}

std::string name_of_case(const char* op, const Shape& s) {
  return label(
      op, {{"N", s.N}, {"H", s.H}, {"G", s.G}, {"D", s.D}, {"tables", double(s.tables)}, {"mask", s.mask}});
}

Case fwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("rotary_fwd", s),
          .build =
              [=](Buffers& b) {
                RotaryFwd a{};
                a.qkv = b.in_out("qkv", {s.N, s.heads() * s.D}, Kind::compute, normal());
                bind_common(b, s, a);
                return call(&OpTable::rotary_fwd, a);
              },
          .purpose = purpose};
}

Case bwd(Shape s, Purpose purpose = Purpose::test) {
  return {.name = name_of_case("rotary_bwd", s),
          .build =
              [=](Buffers& b) {
                RotaryBwd a{};
                a.dqkv = b.in_out("dqkv", {s.N, s.heads() * s.D}, Kind::compute, normal());
                bind_common(b, s, a);
                return call(&OpTable::rotary_bwd, a);
              },
          .purpose = purpose,
          .forward = shared(fwd(s))};
}

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// q = (1, 2, 3, 4), k = (0.5, -1, 1.5, 2) and some v at each of four positions, then scores q' k'^T. Vectors
// of xPos, spec "FLM", section 7.1.
Case known_case(double scale_base, std::vector<Known> known) {
  const Shape s{.N = 4, .H = 1, .G = 1, .D = 4, .scale_base = scale_base};
  return {.name = label("rotary known", {{"scale_base", scale_base}}),
          .build =
              [=](Buffers& b) {
                RotaryFwd a{};
                a.qkv = b.in_out("qkv", {4, 12}, Kind::compute,
                                 values({1, 2, 3, 4, 0.5, -1, 1.5, 2, 5, 6, 7, 8}));
                bind_common(b, s, a);
                Matmul p{};
                p.c = b.output("scores", {4, 4}, Kind::stat);
                p.a = a.qkv, p.b = In(a.qkv).at(4);
                p.M = p.N = p.K = 4, p.lda = p.ldb = 12, p.ldc = 4, p.transpose_b = true;
                return [=](Context& context, const OpTable& ops) {
                  ops.rotary_fwd(context, a);
                  ops.matmul(context, p);
                };
              },
          .known = std::move(known),
          .runs = Runs::not_bf16};
}

// Scores depend on n - m alone: by_distance[n - m], and `next` for n - m = -1.
std::vector<double> toeplitz(const std::vector<double>& by_distance, double next) {
  std::vector<double> scores(16, kUnknown);
  for (size_t n = 0; n < 4; ++n) {
    for (size_t m = 0; m <= n; ++m) scores[n * 4 + m] = by_distance[n - m];
    if (n < 3) scores[n * 4 + n + 1] = next;
  }
  return scores;
}

}  // namespace

FLM_OP_CASES(rotary) {
  for (const Tables tables : {Tables::xpos, Tables::rope, Tables::null})
    for (Shape s : {Shape{0, 2, 2, 8}, Shape{1, 1, 1, 2}, Shape{7, 4, 2, 10}, Shape{17, 6, 2, 64},
                    Shape{65, 4, 4, 34}, Shape{129, 5, 1, 128}}) {
      s.tables = tables;
      for (const double mask : {-1.0, 0.0, 0.3, 1.0}) {
        s.mask = mask;
        cases.push_back(fwd(s));
        cases.push_back(bwd(s));
        if (mask == 1) {
          s.mask = -1;
          (cases.end() - 2)->same_bits = shared(fwd(s));
          (cases.end() - 1)->same_bits = shared(bwd(s));
        }
      }
      s.N = 3, s.D = 6, s.mask = 0.3;
      if (s.H == 4 && s.G == 2) cases.push_back(bwd(s, Purpose::gradient));
    }

  cases.push_back(
      known_case(512, {{"qkv",
                        {1.0049055986,
                         2.0034547989,
                         3.0147167958,
                         4.0069095977,
                         0.4975591744,
                         -0.9982755793,
                         1.4926775232,
                         1.9965511587,
                         5,
                         6,
                         7,
                         8,
                         -1.9889713199,
                         1.9615927028,
                         2.4684102322,
                         4.0232700701,
                         kUnknown,
                         kUnknown,
                         kUnknown,
                         kUnknown,
                         5,
                         6,
                         7,
                         8,
                         -3.144039117,
                         1.9196053466,
                         -0.3391430828,
                         4.0391973601,
                         kUnknown,
                         kUnknown,
                         kUnknown,
                         kUnknown,
                         5,
                         6,
                         7,
                         8,
                         -1.4098985534,
                         1.8774971726,
                         -2.8219442868,
                         4.0546906113,
                         -0.7084074749,
                         -1.0604557646,
                         -1.4178938063,
                         1.9708045485,
                         5,
                         6,
                         7,
                         8}},
                       {"scores", toeplitz({11, 8.7693639723, 4.0775922656, 1.3073768915}, kUnknown)}}));
  cases.push_back(
      known_case(4, {{"scores", toeplitz({11, 7.4190099938, 3.8258178864, 2.5435373483}, 10.3061411232)}}));

  cases.push_back(fwd({4096, 12, 4, 128, Tables::rope}, Purpose::perf));
  // A scale of nearly one: in place, run after run, xPos would leave the range of f32.
  cases.push_back(fwd({4096, 12, 4, 128, Tables::xpos, -1, 1e12}, Purpose::perf));
}

}  // namespace flm::test
