// Every verb of the host communicator on every type, size and number of ranks, over shared memory, TCP and a
// mixture of both, against sums made here.
#include "host_group.h"
#include "test.h"
#include "verb_cases.h"

namespace flm::test {
namespace {

// Nothing, one, odd, and several windows of any type, over sockets too.
constexpr int64_t kSizes[] = {0, 1, 3, 1025, 700001};
constexpr Stream kNow{};

void check_everything(int ranks, const std::vector<int>& host_of) {
  const auto body = [](int, Communicator& world, Device& device) {
    for (const int64_t n : kSizes) check_all_verbs(world, device, n);
  };
  run_ranks(ranks, body, {.host_of = host_of});
}

FLM_TEST(host_verbs_in_shared_memory) {
  for (int ranks = 1; ranks <= 5; ++ranks) check_everything(ranks, {});
}

FLM_TEST(host_verbs_over_tcp) {
  check_everything(2, {0, 1});
  check_everything(3, {0, 1, 2});
}

// As one host: the expected bits are the same.
FLM_TEST(host_verbs_on_two_hosts_of_two) {
  check_everything(4, {0, 0, 1, 1});
  check_everything(4, {0, 1, 0, 1});
}

FLM_TEST(host_verbs_refuse_bad_arguments) {
  run_ranks(2, [](int rank, Communicator& world, Device&) {
    float x = 0;
    const Out data{&x, DType::f32}, bytes{&x, DType::u8};
    CHECK_THROWS(world.broadcast(data, 1, 2, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.send(data, 1, rank, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.recv(data, 1, -1, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.all_reduce(bytes, 1, ReduceOp::sum, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.all_reduce(data, -1, ReduceOp::sum, kNow), ErrorCode::invalid_argument);
    CHECK_THROWS(world.all_gather(data, bytes, 1, kNow), ErrorCode::invalid_argument);
    world.barrier();  // a refused call leaves the group usable
  });
}

// Many large messages under way in both directions: no send waits for its recv.
FLM_TEST(host_sends_do_not_wait) {
  for (const std::vector<int>& hosts : {std::vector<int>{}, std::vector<int>{0, 1}}) {
    run_ranks(2,
              [](int rank, Communicator& world, Device&) {
                constexpr int kMessages = 24;
                constexpr int64_t kCount = 300000;
                for (int m = 0; m < kMessages; ++m) {
                  const std::vector<float> data(size_t(kCount), float(rank * 100 + m));
                  world.send({const_cast<float*>(data.data()), DType::f32}, kCount, 1 - rank, kNow);
                }
                std::vector<float> got(static_cast<size_t>(kCount));
                for (int m = 0; m < kMessages; ++m) {
                  world.recv({got.data(), DType::f32}, kCount, 1 - rank, kNow);
                  CHECK(got == std::vector<float>(size_t(kCount), float((1 - rank) * 100 + m)));
                }
              },
              {.host_of = hosts});
  }
}

}  // namespace
}  // namespace flm::test
