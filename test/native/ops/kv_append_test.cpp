#include "ops/case.h"

namespace flm::test {
namespace {

Case append(std::vector<int32_t> slots, int64_t capacity, int64_t G, int64_t D, int64_t gap,
            Purpose purpose = Purpose::test) {
  const int64_t N = int64_t(slots.size());
  return {.name = label("kv_append", {{"N", N}, {"slots", capacity}, {"G", G}, {"D", D}, {"gap", gap}}),
          .build =
              [=](Buffers& b) {
                KvAppend a{};
                a.kv_stride = 2 * G * D + gap;
                a.k = b.input("kv", {N, 2 * G * D, a.kv_stride}, Kind::compute, normal());
                a.v = a.k.at(G * D);
                // All other slots must keep what they hold.
                a.k_cache = b.in_out("k_cache", {capacity, G * D}, Kind::compute, normal());
                a.v_cache = b.in_out("v_cache", {capacity, G * D}, Kind::compute, normal());
                a.slots = b.indices("slots", slots);
                a.N = N, a.G = G, a.D = D;
                return call(&OpTable::kv_append, a);
              },
          .purpose = purpose,
          .tolerance_f32 = 0,
          .tolerance_bf16 = 0};
}

}  // namespace

FLM_OP_CASES(kv_append) {
  cases.push_back(append({}, 4, 1, 8, 0));
  cases.push_back(append({0}, 1, 1, 1, 0));
  cases.push_back(append({5, 0, 3}, 7, 2, 17, 0));
  cases.push_back(append({64, 2, 63, 7, 1}, 65, 3, 64, 9));
  cases.push_back(append({128, 0}, 129, 1, 65, 1));
  std::vector<int32_t> all(1024);
  for (size_t i = 0; i < all.size(); ++i) all[i] = int32_t(i);
  cases.push_back(append(all, 1024, 8, 128, 0, Purpose::perf));
}

}  // namespace flm::test
