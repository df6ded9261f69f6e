#include "ops/case.h"

namespace flm::test {
namespace {

enum class Memory { apart, of_x, of_z, no_z };

Case mix(int64_t n, double alpha, double beta, Memory memory, Purpose purpose = Purpose::test) {
  return {.name = label("axpby", {{"n", n}, {"alpha", alpha}, {"beta", beta}, {"memory", double(memory)}}),
          .build =
              [=](Buffers& b) {
                Axpby a{};
                if (memory == Memory::of_x) a.y = b.in_out("x", {n}, Kind::compute, normal());
                if (memory == Memory::of_z) a.y = b.in_out("z", {n}, Kind::compute, normal());
                if (!a.y) a.y = b.output("y", {n}, Kind::compute);
                a.x = memory == Memory::of_x ? In(a.y) : b.input("x", {n}, Kind::compute, normal());
                if (memory == Memory::of_z) a.z = a.y;
                if (!a.z && memory != Memory::no_z) a.z = b.input("z", {n}, Kind::compute, normal());
                a.n = n, a.alpha = alpha, a.beta = beta;
                return call(&OpTable::axpby, a);
              },
          .purpose = purpose};
}

}  // namespace

FLM_OP_CASES(axpby) {
  for (const int64_t n : {0, 1, 7, 63, 64, 65, 129, 40001})
    for (const Memory memory : {Memory::apart, Memory::of_x, Memory::of_z, Memory::no_z})
      for (const double alpha : {0.0, 0.3, 1.0}) cases.push_back(mix(n, alpha, 1 - alpha, memory));
  cases.push_back(mix(1 << 22, 0.3, 0.7, Memory::of_x, Purpose::perf));
}

}  // namespace flm::test
