// NCCL's communicator over the fake NCCL, on devices whose streams run behind the caller's back.
#include <thread>

#include "comm/stream_device.h"
#include "nccl_group.h"
#include "test.h"
#include "verb_cases.h"

namespace flm::test {
namespace {

float sum_of(Communicator& group, Device& device, float value) {
  const OnDevice<float> data(device, std::vector<float>{value});
  group.all_reduce(data.at(), 1, ReduceOp::sum, device.stream(StreamRole::compute));
  return data.read()[0];
}

FLM_TEST(nccl_verbs) {
  FakeNccl fake;
  for (int ranks = 1; ranks <= 4; ++ranks)
    run_ranks(
        ranks,
        [](int, Communicator& world, Device& device) {
          for (const int64_t n : {0, 1, 3, 1025}) check_all_verbs(world, device, n);
        },
        fake.setup());
  CHECK_EQ(fake.open_communicators(), 0);
}

FLM_TEST(nccl_verbs_refuse_bad_arguments) {
  FakeNccl fake;
  run_ranks(
      2,
      [](int rank, Communicator& world, Device& device) {
        const Stream stream = device.stream(StreamRole::compute);
        const OnDevice<float> x(device, 1);
        const Out data = x.at(), bytes{data.data, DType::u8};
        CHECK_THROWS(world.broadcast(data, 1, 2, stream), ErrorCode::invalid_argument);
        CHECK_THROWS(world.send(data, 1, rank, stream), ErrorCode::invalid_argument);
        CHECK_THROWS(world.recv(data, 1, -1, stream), ErrorCode::invalid_argument);
        CHECK_THROWS(world.all_reduce(bytes, 1, ReduceOp::sum, stream), ErrorCode::invalid_argument);
        CHECK_THROWS(world.all_reduce(data, -1, ReduceOp::sum, stream), ErrorCode::invalid_argument);
        CHECK_THROWS(world.all_gather(data, bytes, 1, stream), ErrorCode::invalid_argument);
        CHECK_EQ(sum_of(world, device, 1), 2.f);  // a refused call leaves the group usable
      },
      fake.setup());
}

FLM_TEST(nccl_split_makes_rows_and_columns) {
  FakeNccl fake;
  run_ranks(
      6,
      [](int rank, Communicator& world, Device& device) {
        const auto row = world.split(rank / 3, rank);
        const auto column = world.split(rank % 3, rank);
        CHECK_EQ(row->size(), 3);
        CHECK_EQ(row->rank(), rank % 3);
        CHECK_EQ(column->size(), 2);
        CHECK_EQ(column->rank(), rank / 3);
        CHECK_EQ(row->name(), "world/" + std::to_string(rank / 3));
        const float value = float(rank);
        CHECK_EQ(sum_of(*row, device, value), rank < 3 ? 3.f : 12.f);
        CHECK_EQ(sum_of(*column, device, value), 2.f * float(rank % 3) + 3);
        CHECK_EQ(sum_of(world, device, value), 15.f);
        CHECK_EQ(sum_of(*row, device, 1), 3.f);
      },
      fake.setup());
  CHECK_EQ(fake.open_communicators(), 0);
}

FLM_TEST(nccl_split_orders_by_key_and_leaves_out_negative_colours) {
  FakeNccl fake;
  run_ranks(
      4,
      [](int rank, Communicator& world, Device& device) {
        const auto group = world.split(rank == 2 ? -1 : 7, -rank);
        if (rank == 2) {
          CHECK(!group);
          return;
        }
        const int expected[] = {2, 1, -1, 0};  // by falling rank
        CHECK_EQ(group->rank(), expected[rank]);
        const auto alone = group->split(rank, 0);
        CHECK_EQ(alone->size(), 1);
        auto nested = group->split(0, rank);
        check_all_verbs(*nested, device, 5);
        CHECK_EQ(sum_of(*nested, device, float(rank)), 4.f);
      },
      fake.setup());
}

// What has connected takes no more memory at its first collective, when others may have filled the device.
FLM_TEST(nccl_connects_when_asked) {
  FakeNccl fake;
  run_ranks(
      2,
      [&](int, Communicator& world, Device& device) {
        world.barrier();
        CHECK_EQ(fake.open_communicators(), 0);
        world.barrier();
        world.connect();
        world.barrier();
        CHECK_EQ(fake.open_communicators(), 2);
        world.barrier();
        CHECK_EQ(sum_of(world, device, 1), 2.f);
        world.connect();
        CHECK_EQ(fake.open_communicators(), 2);
        world.barrier();
      },
      fake.setup());
}

// A group outlives the communicator it was split from.
FLM_TEST(nccl_split_keeps_the_connections) {
  FakeNccl fake;
  run_ranks(
      2,
      [](int rank, Communicator& world, Device& device) {
        auto first = world.split(0, rank);
        CHECK_EQ(sum_of(*first, device, 1), 2.f);
        const auto second = first->split(0, rank);
        first.reset();
        CHECK_EQ(sum_of(*second, device, 1), 2.f);
      },
      fake.setup());
}

// Many messages under way in both directions, and verbs on the same stream behind them: no send waits for its
// recv.
FLM_TEST(nccl_sends_do_not_wait) {
  FakeNccl fake;
  run_ranks(
      2,
      [](int rank, Communicator& world, Device& device) {
        constexpr int kMessages = 24;
        constexpr int64_t kCount = 3000;
        const Stream stream = device.stream(StreamRole::compute);
        const OnDevice<float> data(device, kCount);
        for (int m = 0; m < kMessages; ++m) {
          const std::vector<float> values(size_t(kCount), float(rank * 100 + m));
          device.copy(data.at().data, values.data(), size_t(kCount) * 4, CopyKind::host_to_device, stream);
          world.send(data.at(), kCount, 1 - rank, stream);
          device.synchronize(stream);
        }
        for (int m = 0; m < kMessages; ++m) {
          world.recv(data.at(), kCount, 1 - rank, stream);
          CHECK(data.read() == std::vector<float>(size_t(kCount), float((1 - rank) * 100 + m)));
        }
      },
      fake.setup());
}

FLM_TEST(nccl_ranks_that_send_to_each_other_end_together) {
  FakeNccl fake;
  const auto body = [](int, Communicator& world, Device& device) { check_messages<float>(world, device, 3); };
  run_ranks(2, body, fake.setup());
  // One that waits for a rank in vain is aborted.
  CHECK_EQ(fake.faults().aborts, 0);
  CHECK_EQ(fake.open_communicators(), 0);
}

// Rank 1 takes part in rank 0's reduction only after a message that rank 0 sends behind it, on another
// stream.
FLM_TEST(nccl_comm_stream_does_not_hold_up_the_caller) {
  FakeNccl fake;
  run_ranks(
      2,
      [](int rank, Communicator& world, Device& device) {
        const Stream comm = device.stream(StreamRole::comm), compute = device.stream(StreamRole::compute);
        const auto channel = world.split(0, rank);
        CHECK_EQ(sum_of(world, device, 1), 2.f);  // connected
        const OnDevice<float> sums(device, std::vector<float>(1000, 1.f)), go(device, 1);
        if (rank == 1) channel->recv(go.at(), 1, 0, compute);
        if (rank == 1) device.synchronize(compute);
        world.all_reduce(sums.at(), 1000, ReduceOp::sum, comm);
        const Event reduced = device.record(comm);
        if (rank == 0) channel->send(go.at(), 1, 1, compute);
        device.wait(compute, reduced);
        CHECK(sums.read() == std::vector<float>(1000, 2.f));
      },
      fake.setup());
}

FLM_TEST(nccl_flight_record_tells_what_was_done) {
  FakeNccl fake;
  run_ranks(
      2,
      [](int, Communicator& world, Device& device) {
        const OnDevice<float> data(device, 3);
        world.all_reduce(data.at(), 3, ReduceOp::sum, device.stream(StreamRole::compute));
        device.synchronize(device.stream(StreamRole::compute));
        const auto done = [&] {
          return world.flight_record().find("world all_reduce #0 of 3 f32 (12 bytes, sum) done") !=
                 std::string::npos;
        };
        world.barrier();
        while (!done()) std::this_thread::yield();  // the watchdog writes it
        CHECK(world.flight_record().find("control barrier #1 done") != std::string::npos);
      },
      fake.setup());
}

}  // namespace
}  // namespace flm::test
