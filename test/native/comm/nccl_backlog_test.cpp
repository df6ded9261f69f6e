// A sender that is far ahead of its receiver: NCCL's communicator puts messages aside, and what lies there
// has a limit.
#include <atomic>
#include <thread>

#include "comm/expect_error.h"
#include "comm/stream_device.h"
#include "nccl_group.h"
#include "test.h"
#include "verb_cases.h"

namespace flm::test {
namespace {

// Eight messages of it reach the limit.
constexpr int64_t kLarge = int64_t(2) << 20;

// The first message connects the two ranks.
void greet(int rank, Communicator& world, Device& device) {
  const OnDevice<float> data(device, 1);
  const Stream stream = device.stream(StreamRole::compute);
  rank == 0 ? world.send(data.at(), 1, 1, stream) : world.recv(data.at(), 1, 0, stream);
  device.synchronize(stream);
  world.barrier();
}

FLM_TEST(nccl_sender_waits_for_a_receiver_that_is_far_behind) {
  FakeNccl fake;
  std::atomic<int> sent{0};
  run_ranks(
      2,
      [&](int rank, Communicator& world, Device& device) {
        greet(rank, world, device);
        const OnDevice<float> data(device, rank == 0 ? kLarge : 1);
        const Error error = error_of([&] {
          for (; rank == 0; ++sent) world.send(data.at(), kLarge, 1, device.stream(StreamRole::compute));
          for (;; std::this_thread::yield()) world.check();  // the sender's fault arrives
        });
        check_text(error, ErrorCode::comm_timeout, {"rank 0 of 2 waited 1 s for rank 1 to receive"});
      },
      fake.setup(1));
  CHECK_EQ(sent.load(), 8);
}

FLM_TEST(nccl_sender_goes_on_when_the_receiver_catches_up) {
  FakeNccl fake;
  constexpr int kMessages = 12;
  run_ranks(
      2,
      [](int rank, Communicator& world, Device& device) {
        greet(rank, world, device);
        const Stream stream = device.stream(StreamRole::compute);
        for (int i = 0; i < kMessages; ++i) {
          const OnDevice<float> data(device, std::vector<float>(size_t(kLarge), rank == 0 ? float(i) : -1));
          rank == 0 ? world.send(data.at(), kLarge, 1, stream) : world.recv(data.at(), kLarge, 0, stream);
          if (rank == 1) CHECK(data.read() == std::vector<float>(size_t(kLarge), float(i)));
        }
      },
      fake.setup());
  CHECK_EQ(fake.open_communicators(), 0);
}

}  // namespace
}  // namespace flm::test
