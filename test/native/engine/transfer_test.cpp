#include "engine/transfer.h"

#include <limits>

#include "core/philox.h"
#include "engine/moves.h"
#include "temporary_file.h"
#include "test.h"

namespace flm {
namespace {

using test::bytes_of;
using test::TemporaryFile;

// A 3 x 4 source whose element [r, c] is 10 r + c.
std::vector<float> counting_source() {
  std::vector<float> values;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 4; ++c) values.push_back(float(10 * r + c));
  }
  return values;
}

Move move_of(FillKind fill, double fill_value) {
  Move move = test::copy_move("layers.0.ffn.up.weight", StateKind::master, DType::f32, 3, 4);
  move.fill = fill;
  move.fill_value = fill_value;
  return move;
}

std::vector<float> filled(const Move& move, const LoadPlan& plan, int64_t rows, int64_t cols,
                          const Box& box) {
  std::vector<float> values(size_t(box.row_count * box.col_count), std::numeric_limits<float>::quiet_NaN());
  fill_tensor(move, plan, rows, cols, box, {values.data(), DType::f32});
  return values;
}

LoadPlan plan_of(const TemporaryFile& file, std::vector<std::vector<int32_t>> maps = {}) {
  LoadPlan plan;
  plan.seed = 42;
  plan.files = {file.path()};
  plan.maps = std::move(maps);
  return plan;
}

}  // namespace

FLM_TEST(transfer_copies_a_whole_tensor) {
  const TemporaryFile file(bytes_of(counting_source()));
  CHECK(filled(move_of(FillKind::constant, 0), plan_of(file), 3, 4, {0, 3, 0, 4}) == counting_source());
}

FLM_TEST(transfer_grows_through_both_maps_and_fills_what_is_new) {
  const TemporaryFile file(bytes_of(counting_source()));
  Move move = move_of(FillKind::constant, -1);
  move.row_map = 0;
  move.col_map = 1;
  move.scale = 2;
  const LoadPlan plan = plan_of(file, {{2, -1, 0, 0}, {3, 1, -1}});
  const std::vector<float> expected = {46, 42, -1, -1, -1, -1, 6, 2, -1, 6, 2, -1};
  CHECK(filled(move, plan, 4, 3, {0, 4, 0, 3}) == expected);
}

FLM_TEST(transfer_starts_at_the_offset_and_needs_no_alignment) {
  std::vector<uint8_t> bytes(5, 0xee);
  const auto source = counting_source();
  bytes.insert(bytes.end(), bytes_of(source).begin(), bytes_of(source).end());
  const TemporaryFile file(bytes);
  Move move = move_of(FillKind::constant, 0);
  move.offset = 5;
  const std::vector<float> expected = {12, 13, 22, 23};
  CHECK(filled(move, plan_of(file), 3, 4, {1, 2, 2, 2}) == expected);
}

FLM_TEST(transfer_gives_equal_bits_under_any_sharding) {
  const TemporaryFile file(bytes_of(counting_source()));
  Move move = move_of(FillKind::normal, 0.02);
  move.row_map = 0;
  move.col_map = 1;
  const LoadPlan plan = plan_of(file, {{0, 1, -1, 2, -1, -1}, {0, -1, 1, 2, 3, -1}});
  const auto whole = filled(move, plan, 6, 6, {0, 6, 0, 6});
  for (int64_t row = 0; row < 6; row += 3) {
    for (int64_t col = 0; col < 6; col += 2) {
      const auto part = filled(move, plan, 6, 6, {row, 3, col, 2});
      for (int64_t i = 0; i < 6; ++i) CHECK_EQ(part[i], whole[(row + i / 2) * 6 + col + i % 2]);
    }
  }
  CHECK_EQ(whole[2 * 6 + 3], float(0.02 * philox_normal(42, philox_stream(move.tensor), 2 * 6 + 3)));
}

FLM_TEST(transfer_makes_rows_that_are_means_of_source_rows) {
  const TemporaryFile file(bytes_of(counting_source()));
  Move move = move_of(FillKind::constant, -1);
  move.row_map = 0;
  move.col_map = 1;
  move.scale = 2;
  LoadPlan plan = plan_of(file, {{1, -3, -1, -2}, {0, 3, -1}});
  plan.means = {{0, 1, 2, 1}, {2, 2, 0}};
  // Rows 2, 2 and 0 give (20 + 20 + 0) / 3 in column 0 and 3 more in column 3.
  const float third = 80.0f / 3;
  const std::vector<float> expected = {20, 26, -1, third, third + 6, -1, -1, -1, -1, 20, 26, -1};
  const auto values = filled(move, plan, 4, 3, {0, 4, 0, 3});
  for (size_t i = 0; i < expected.size(); ++i) CHECK_NEAR(values[i], expected[i], 1e-5);
  for (int64_t row = 0; row < 4; ++row) {
    const auto part = filled(move, plan, 4, 3, {row, 1, 1, 2});
    CHECK_EQ(part[0], values[size_t(row * 3 + 1)]);
    CHECK_EQ(part[1], values[size_t(row * 3 + 2)]);
  }
}

FLM_TEST(transfer_fills_without_a_source) {
  Move move = move_of(FillKind::constant, 0.5);
  move.file = -1;
  CHECK(filled(move, {}, 2, 2, {0, 2, 0, 2}) == std::vector<float>(4, 0.5f));
}

FLM_TEST(transfer_fills_where_a_box_has_new_columns_only) {
  const TemporaryFile file(bytes_of(counting_source()));
  Move move = move_of(FillKind::constant, 7);
  move.col_map = 0;
  const LoadPlan plan = plan_of(file, {{0, 1, 2, 3, -1, -1}});
  CHECK(filled(move, plan, 3, 6, {0, 3, 4, 2}) == std::vector<float>(6, 7));
}

FLM_TEST(transfer_converts_between_types) {
  const std::vector<bf16> source = {to_bf16(1.5f), to_bf16(-3.0f)};
  const TemporaryFile file(bytes_of(source));
  Move move = move_of(FillKind::constant, 0);
  move.dtype = DType::bf16;
  move.source_rows = 1;
  move.source_cols = 2;
  std::vector<double> wide(2);
  fill_tensor(move, plan_of(file), 1, 2, {0, 1, 0, 2}, {wide.data(), DType::f64});
  CHECK(wide == std::vector<double>({1.5, -3}));
  std::vector<bf16> narrow(2);
  fill_tensor(move, plan_of(file), 1, 2, {0, 1, 0, 2}, {narrow.data(), DType::bf16});
  CHECK_EQ(narrow[1].bits, source[1].bits);
}

// Larger than the staging buffer, with rows that are partly needed and a run that is cut.
FLM_TEST(transfer_stages_large_tensors_in_parts) {
  constexpr int64_t kRows = 3000, kCols = 1500;
  std::vector<float> source(size_t(kRows * kCols));
  for (size_t i = 0; i < source.size(); ++i) source[i] = float(i);
  const TemporaryFile file(bytes_of(source));
  Move move = move_of(FillKind::constant, 0);
  move.source_rows = kRows;
  move.source_cols = kCols;
  for (const int64_t first : {int64_t(0), int64_t(1)}) {
    const int64_t count = kCols - 2 * first;
    const auto values = filled(move, plan_of(file), kRows, kCols, {0, kRows, first, count});
    int64_t wrong = 0;
    for (int64_t i = 0; i < int64_t(values.size()); ++i) {
      wrong += values[size_t(i)] != source[size_t(i / count * kCols + first + i % count)];
    }
    CHECK_EQ(wrong, 0);
  }
}

FLM_TEST(transfer_refuses_plans_that_do_not_match_their_source) {
  const TemporaryFile file(bytes_of(counting_source()));
  const Box box{0, 3, 0, 4};
  const auto attempt = [&](auto&& change, std::vector<std::vector<int32_t>> maps = {}) {
    Move move = move_of(FillKind::constant, 0);
    LoadPlan plan = plan_of(file, std::move(maps));
    change(move, plan);
    filled(move, plan, 3, 4, box);
  };
  const auto identity = [](Move&, LoadPlan&) {};
  const auto rows_by_map = [](Move& move, LoadPlan&) { move.row_map = 0; };
  attempt(identity);
  CHECK_THROWS(attempt(rows_by_map, {{0, 1}}), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt(rows_by_map, {{0, 1, 3}}), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt(rows_by_map, {{0, 1, -2}}), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt(rows_by_map), ErrorCode::invalid_argument);
  const auto with_mean = [](std::vector<int32_t> rows) {
    return [rows](Move& move, LoadPlan& plan) {
      move.row_map = 0;
      plan.means = {rows};
    };
  };
  attempt(with_mean({2, 0}), {{0, 1, -2}});
  CHECK_THROWS(attempt(with_mean({3}), {{0, 1, -2}}), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt(with_mean({}), {{0, 1, -2}}), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt(with_mean({2}), {{0, 1, -3}}), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt([](Move& move, LoadPlan&) { move.source_rows = 2; }), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt([](Move& move, LoadPlan&) { move.offset = 4; }), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(attempt([](Move& move, LoadPlan&) { move.file = 1; }), ErrorCode::invalid_argument);
  CHECK_THROWS(attempt([](Move&, LoadPlan& plan) { plan.files[0] += "-gone"; }), ErrorCode::io);
}

}  // namespace flm
