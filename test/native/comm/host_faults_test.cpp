// What the ranks of a group are told when one of them goes astray, stops or gives up.
#include <future>

#include "comm/expect_error.h"
#include "comm/fault.h"
#include "host_group.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr Stream kNow{};

using Verbs = std::function<void(Communicator&, float*)>;

// Rank 0 does one thing, the others another: all must learn of both, over shared memory and over TCP.
void check_mismatch(const Verbs& of_rank_0, const Verbs& of_others, const std::string& name_0,
                    const std::string& name_others) {
  for (const std::vector<int>& hosts : {std::vector<int>{0, 0, 0}, std::vector<int>{0, 1, 0}}) {
    run_ranks(3,
              [&](int rank, Communicator& world, Device&) {
                std::vector<float> data(64);
                const Error error = error_of([&] {
                  world.barrier();
                  (rank == 0 ? of_rank_0 : of_others)(world, data.data());
                  world.barrier();  // a verb that needs nothing of the others may have succeeded
                });
                check_text(error, ErrorCode::comm_mismatch, {name_0, name_others, "rank 0"});
                CHECK_THROWS(world.barrier(), ErrorCode::comm_mismatch);
              },
              {.host_of = hosts});
  }
}

Verbs sum_of(int64_t n, DType dtype = DType::f32) {
  return [=](Communicator& world, float* data) { world.all_reduce({data, dtype}, n, ReduceOp::sum, kNow); };
}

FLM_TEST(host_mismatch_names_both_operations) {
  const Verbs skips = [](Communicator&, float*) {};
  const Verbs gathers = [](Communicator& world, float* data) {
    world.all_gather({data, DType::f32}, {data, DType::f32}, 4, kNow);
  };
  check_mismatch(sum_of(8), gathers, "all_reduce #1 of 8 f32 (32 bytes, sum)", "all_gather #1 of 4 f32");
  check_mismatch(sum_of(8), sum_of(9), "of 8 f32", "of 9 f32");
  check_mismatch(sum_of(8), sum_of(8, DType::i32), "of 8 f32", "of 8 i32");
  check_mismatch(skips, sum_of(8), "barrier #1", "all_reduce #1 of 8 f32");
}

FLM_TEST(host_mismatched_messages_name_both_sides) {
  run_ranks(2, [](int rank, Communicator& world, Device&) {
    float data[4] = {};
    if (rank == 0) {
      // Rank 1's error arrives here too, in whichever verb this rank is by then.
      const Error error = error_of([&] {
        world.send({data, DType::f32}, 4, 1, kNow);
        world.recv({data, DType::f32}, 1, 1, kNow);
      });
      check_text(error, ErrorCode::comm_mismatch, {"rank 1 gave up", "recv #0 of 3 f32", "send #0 of 4 f32"});
    } else {
      check_text(error_of([&] { world.recv({data, DType::f32}, 3, 0, kNow); }), ErrorCode::comm_mismatch,
                 {"recv #0 of 3 f32", "send #0 of 4 f32"});
    }
  });
}

FLM_TEST(host_timeout_names_the_missing_ranks) {
  for (const std::vector<int>& hosts : {std::vector<int>{0, 0, 0}, std::vector<int>{0, 1, 2}}) {
    std::promise<void> others_gave_up;
    run_ranks(
        3,
        [&, gave_up = others_gave_up.get_future().share()](int rank, Communicator& world, Device&) {
          float data[2] = {};
          if (rank == 2) return gave_up.wait();
          const Error error = error_of([&] { world.all_reduce({data, DType::f32}, 2, ReduceOp::sum, kNow); });
          check_text(error, ErrorCode::comm_timeout,
                     {"all_reduce #0 of 2 f32 (8 bytes, sum)", "for rank 2;", "last operations", "running"});
          CHECK_THROWS(world.barrier(), ErrorCode::comm_timeout);
          if (rank == 0) others_gave_up.set_value();
        },
        {.host_of = hosts, .timeout_seconds = 1});
  }
}

FLM_TEST(host_abort_ends_the_waits_of_all) {
  for (const std::vector<int>& hosts : {std::vector<int>{0, 0, 0}, std::vector<int>{0, 1, 2}}) {
    run_ranks(3,
              [](int rank, Communicator& world, Device&) {
                // The others may hear of it while they leave the first barrier.
                const Error error = error_of([&] {
                  world.barrier();
                  if (rank == 1) world.abort();
                  world.barrier();
                });
                check_text(error, ErrorCode::comm_peer_lost, {"rank 1 aborted"});
                CHECK_THROWS(world.barrier(), ErrorCode::comm_peer_lost);
              },
              {.host_of = hosts});
  }
}

FLM_TEST(host_abort_all_gives_the_reason) {
  run_ranks(2, [](int rank, Communicator& world, Device&) {
    const Error error = error_of([&] {
      world.barrier();
      if (rank == 0) abort_all_communicators("the store says that rank 7 is gone");
      world.barrier();
    });
    check_text(error, ErrorCode::comm_peer_lost, {"rank 7 is gone"});
  });
}

FLM_TEST(host_rank_that_ended_is_named) {
  for (const std::vector<int>& hosts : {std::vector<int>{0, 0}, std::vector<int>{0, 1}}) {
    run_ranks(2,
              [](int rank, Communicator& world, Device&) {
                float x = 0;
                if (rank == 0)
                  check_text(error_of([&] { world.recv({&x, DType::f32}, 1, 1, kNow); }),
                             ErrorCode::comm_peer_lost, {"rank 1 has ended", "recv #0"});
              },
              {.host_of = hosts});
  }
}

}  // namespace
}  // namespace flm::test
