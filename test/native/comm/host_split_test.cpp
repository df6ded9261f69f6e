#include "host_group.h"
#include "oracle/host_device.h"
#include "test.h"

namespace flm::test {
namespace {

constexpr Stream kNow{};

double sum_of(Communicator& group, double value) {
  group.all_reduce({&value, DType::f64}, 1, ReduceOp::sum, kNow);
  return value;
}

// As a mesh of 2 x 3 splits: rows, columns, and both used in turn, also with the world they come from.
FLM_TEST(host_split_makes_rows_and_columns) {
  for (const std::vector<int>& hosts : {std::vector<int>{}, std::vector<int>{0, 0, 0, 1, 1, 1}}) {
    run_ranks(6,
              [](int rank, Communicator& world, Device&) {
                const auto row = world.split(rank / 3, rank);
                const auto column = world.split(rank % 3, rank);
                CHECK_EQ(row->size(), 3);
                CHECK_EQ(column->size(), 2);
                CHECK_EQ(row->rank(), rank % 3);
                CHECK_EQ(column->rank(), rank / 3);
                CHECK_EQ(row->name(), "world/" + std::to_string(rank / 3));
                CHECK_EQ(sum_of(*row, rank), rank < 3 ? 3.0 : 12.0);
                CHECK_EQ(sum_of(*column, rank), 2.0 * (rank % 3) + 3);
                CHECK_EQ(sum_of(world, rank), 15.0);
                CHECK_EQ(sum_of(*row, 1), 3.0);
              },
              {.make_device = [] { return std::make_unique<oracle::HostDevice>(); }, .host_of = hosts});
  }
}

FLM_TEST(host_split_orders_by_key_and_leaves_out_negative_colours) {
  run_ranks(4, [](int rank, Communicator& world, Device&) {
    const auto group = world.split(rank == 2 ? -1 : 7, -rank);
    if (rank == 2) {
      CHECK(!group);
      return;
    }
    const int expected[] = {2, 1, -1, 0};  // by falling rank
    CHECK_EQ(group->size(), 3);
    CHECK_EQ(group->rank(), expected[rank]);
    const auto alone = group->split(rank, 0);
    CHECK_EQ(alone->size(), 1);
    CHECK_EQ(sum_of(*alone, 5), 5.0);
    const auto nested = group->split(0, rank);
    CHECK_EQ(sum_of(*nested, rank), 4.0);
    double value = rank;
    nested->broadcast({&value, DType::f64}, 1, 2, kNow);
    CHECK_EQ(value, 3.0);
  });
}

// A group outlives the communicator it was split from.
FLM_TEST(host_split_keeps_the_connections) {
  run_ranks(2, [](int rank, Communicator& world, Device&) {
    auto first = world.split(0, rank);
    const auto second = first->split(0, rank);
    first.reset();
    CHECK_EQ(sum_of(*second, 1), 2.0);
  });
}

}  // namespace
}  // namespace flm::test
