// What the ranks of an NCCL group are told when one of them goes astray, stops or gives up, and that nothing
// of NCCL's is left behind.
#include <future>
#include <thread>

#include "comm/expect_error.h"
#include "comm/fault.h"
#include "comm/host/deadline.h"
#include "comm/stream_device.h"
#include "core/pulse.h"
#include "nccl_group.h"
#include "test.h"
#include "verb_cases.h"

namespace flm::test {
namespace {

// A reduction, and the wait for it.
void reduce(Communicator& world, Device& device, int64_t n = 2) {
  const OnDevice<float> data(device, n);
  const Stream stream = device.stream(StreamRole::compute);
  world.all_reduce(data.at(), n, ReduceOp::sum, stream);
  device.synchronize(stream);
}

// Whether that comes true within a time that is generous on any machine.
bool eventually(const std::function<bool()>& holds) {
  const host::Deadline deadline(30);
  while (!holds() && !deadline.passed()) std::this_thread::yield();
  return holds();
}

// Every rank's body ends with an error of that code and these parts, and every later call with the same code.
void check_ranks(FakeNccl& fake, int ranks, const RankBody& body, ErrorCode code,
                 const std::vector<std::string>& parts, double timeout_seconds = 30) {
  run_ranks(
      ranks,
      [&](int rank, Communicator& world, Device& device) {
        check_text(error_of([&] { body(rank, world, device); }), code, parts);
        CHECK_THROWS(world.check(), code);
        CHECK_THROWS(reduce(world, device), code);
        CHECK_THROWS(world.barrier(), code);
      },
      fake.setup(timeout_seconds));
  CHECK_EQ(fake.open_communicators(), 0);
}

// Rank 2 stays away from the reduction that body does, and the others name it.
void check_missing_rank(const RankBody& before, const std::vector<std::string>& parts) {
  FakeNccl fake;
  std::promise<void> others_gave_up;
  const auto gave_up = others_gave_up.get_future().share();
  check_ranks(
      fake, 3,
      [&](int rank, Communicator& world, Device& device) {
        before(rank, world, device);
        if (rank == 2) {
          gave_up.wait();
          for (;; std::this_thread::yield()) world.check();  // the others' fault arrives
        }
        const Error error = error_of([&] { reduce(world, device); });
        if (rank == 0) others_gave_up.set_value();
        throw error;
      },
      ErrorCode::comm_timeout, parts, 1);
}

FLM_TEST(nccl_timeout_names_the_missing_ranks) {
  check_missing_rank([](int, Communicator& world, Device& device) { reduce(world, device); },
                     {"waited 1 s in world all_reduce #1 of 2 f32 (8 bytes, sum) for rank 2;",
                      "last operations", "running"});
}

// A device that waited for a lost rank waits no longer: from then on a job that does nothing hangs.
FLM_TEST(nccl_fault_ends_the_wait_that_the_pulse_tells_of) {
  FakeNccl fake;
  const pulse::Job running;
  std::promise<void> waits;
  const auto is_waiting = waits.get_future().share();
  const auto body = [&](int rank, Communicator& world, Device& device) {
    reduce(world, device);
    world.barrier();
    CHECK(eventually([] { return pulse::busy(); }));
    if (rank == 1) {
      is_waiting.wait();
      world.abort();
      world.check();
    }
    const OnDevice<float> data(device, 2);
    const Stream stream = device.stream(StreamRole::compute);
    world.all_reduce(data.at(), 2, ReduceOp::sum, stream);
    CHECK(eventually([] { return !pulse::busy(); }));
    waits.set_value();
    device.synchronize(stream);
  };
  run_ranks(
      2,
      [&](int rank, Communicator& world, Device& device) {
        check_text(error_of([&] { body(rank, world, device); }), ErrorCode::comm_peer_lost,
                   {"rank 1 aborted"});
        CHECK(eventually([] { return pulse::busy(); }));
      },
      fake.setup(4));
}

// Before NCCL knows the ranks, the host communicator waits for them.
FLM_TEST(nccl_timeout_of_the_first_operation_names_the_missing_ranks) {
  check_missing_rank([](int, Communicator&, Device&) {},
                     {"waited 1 s in control broadcast #0", "for rank 2"});
}

FLM_TEST(nccl_mismatch_names_both_operations) {
  FakeNccl fake;
  const auto body = [](int rank, Communicator& world, Device& device) {
    reduce(world, device);
    reduce(world, device, rank == 0 ? 8 : 9);
  };
  check_ranks(fake, 3, body, ErrorCode::comm_mismatch,
              {"all_reduce #1 of 8 f32", "all_reduce #1 of 9 f32", "rank 0"}, 2);
}

FLM_TEST(nccl_mismatched_messages_name_both_sides) {
  FakeNccl fake;
  const auto body = [](int rank, Communicator& world, Device& device) {
    const Stream stream = device.stream(StreamRole::compute);
    const OnDevice<float> data(device, 4);
    if (rank == 0)
      world.send(data.at(), 4, 1, stream);
    else
      world.recv(data.at(), 3, 0, stream);
    device.synchronize(stream);
    world.barrier();
  };
  check_ranks(fake, 2, body, ErrorCode::comm_mismatch, {"recv #0 of 3 f32", "send #0 of 4 f32"}, 2);
}

FLM_TEST(nccl_abort_ends_the_waits_of_all) {
  FakeNccl fake;
  const auto body = [](int rank, Communicator& world, Device& device) {
    const auto group = world.split(0, rank);
    reduce(world, device);
    reduce(*group, device);
    if (rank == 1) world.abort();
    reduce(rank == 0 ? world : *group, device);
  };
  check_ranks(fake, 3, body, ErrorCode::comm_peer_lost, {"rank 1 aborted"});
}

FLM_TEST(nccl_abort_all_gives_the_reason) {
  FakeNccl fake;
  const auto body = [](int rank, Communicator& world, Device& device) {
    reduce(world, device);
    if (rank == 0) abort_all_communicators("the store says that rank 7 is gone");
    reduce(world, device);
  };
  check_ranks(fake, 2, body, ErrorCode::comm_peer_lost, {"rank 7 is gone"});
}

FLM_TEST(nccl_rank_that_ended_is_named) {
  FakeNccl fake;
  run_ranks(
      2,
      [](int rank, Communicator& world, Device& device) {
        reduce(world, device);
        if (rank == 0)
          check_text(error_of([&] { reduce(world, device); }), ErrorCode::comm_peer_lost,
                     {"rank 1 has ended"});
      },
      fake.setup(2));
  CHECK_EQ(fake.open_communicators(), 0);
}

FLM_TEST(nccl_error_of_one_rank_reaches_all) {
  FakeNccl fake;
  fake.faults().failing_rank = 1;
  fake.faults().working_operations = 3;
  const auto body = [](int, Communicator& world, Device& device) {
    for (int i = 0; i < 4; ++i) reduce(world, device);
  };
  check_ranks(fake, 3, body, ErrorCode::comm_peer_lost, {"NCCL: remote process exited"});
}

FLM_TEST(nccl_that_never_connects_is_given_up) {
  FakeNccl fake;
  fake.faults().never_connects = true;
  const auto body = [](int, Communicator& world, Device& device) { reduce(world, device); };
  check_ranks(fake, 2, body, ErrorCode::comm_timeout,
              {"while world was set up: NCCL did not reach the other ranks within 1 s"}, 1);
}

}  // namespace
}  // namespace flm::test
