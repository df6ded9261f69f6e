#include "data/gather.h"

#include "temporary_file.h"
#include "test.h"
#include "token_file_bytes.h"

namespace flm::data {
namespace {

using Row = std::vector<int32_t>;

// Two files: 100, 101, ... 109 and 200, 201, ... 204.
class GatherFixture {
 public:
  GatherFixture() {
    for (const auto& file : {&first_, &second_}) files_.push_back(TokenFile::open(file->path()));
  }
  Batch operator()(const std::vector<Piece>& pieces, int64_t rows, int64_t seq_length,
                   int64_t vocab_size = 300) {
    return gather(files_, pieces, rows, seq_length, vocab_size);
  }

 private:
  static std::vector<uint8_t> counting(uint32_t from, uint32_t count) {
    std::vector<uint32_t> tokens;
    for (uint32_t i = 0; i < count; ++i) tokens.push_back(from + i);
    return test::token_file_bytes(tokens, {0, count}, 2);
  }
  const test::TemporaryFile first_{counting(100, 10)}, second_{counting(200, 5)};
  std::vector<TokenFile> files_;
};

}  // namespace

FLM_TEST(gather_takes_the_last_target_from_behind_the_piece) {
  GatherFixture gather;
  const Batch batch = gather({{0, 0, 2, 4, true, true}}, 1, 4);
  CHECK(batch.tokens == Row({102, 103, 104, 105}));
  CHECK(batch.targets == Row({103, 104, 105, 106}));
  CHECK(batch.positions == Row({0, 1, 2, 3}));
}

FLM_TEST(gather_keeps_segments_apart) {
  GatherFixture gather;
  const Batch batch =
      gather({{0, 0, 0, 2, true, true}, {0, 1, 1, 2, true, false}, {0, 0, 5, 2, true, true}}, 1, 6);
  CHECK(batch.tokens == Row({100, 101, 201, 202, 105, 106}));
  CHECK(batch.targets == Row({101, 102, 202, -1, 106, 107}));
  CHECK(batch.positions == Row({0, 1, 0, 1, 0, 1}));
}

FLM_TEST(gather_leaves_pieces_without_targets_unsupervised) {
  GatherFixture gather;
  const Batch batch = gather(
      {{0, 0, 0, 3, true, true, true}, {0, 0, 3, 1, false, true}, {0, 0, 4, 2, false, true, true}}, 1, 7);
  CHECK(batch.tokens == Row({100, 101, 102, 103, 104, 105, 0}));
  CHECK(batch.targets == Row({-1, -1, -1, 104, -1, -1, -1}));
  CHECK(batch.positions == Row({0, 1, 2, 3, 4, 5, 0}));
}

FLM_TEST(gather_joins_pieces_of_one_segment) {
  GatherFixture gather;
  // The first piece ends its file: its last target is the next piece's token, so none behind it is needed.
  const Batch batch = gather({{0, 1, 3, 2, true, true}, {0, 0, 5, 2, false, true}}, 1, 4);
  CHECK(batch.tokens == Row({203, 204, 105, 106}));
  CHECK(batch.targets == Row({204, 105, 106, 107}));
  CHECK(batch.positions == Row({0, 1, 2, 3}));
}

FLM_TEST(gather_pads_rows_that_are_not_full) {
  GatherFixture gather;
  const Batch batch = gather({{1, 0, 0, 2, false, true}}, 3, 4);
  CHECK(batch.tokens == Row({0, 0, 0, 0, 100, 101, 0, 0, 0, 0, 0, 0}));
  CHECK(batch.targets == Row({-1, -1, -1, -1, 101, 102, -1, -1, -1, -1, -1, -1}));
  CHECK(batch.positions == Row({0, 1, 2, 3, 0, 1, 0, 1, 0, 1, 2, 3}));
}

FLM_TEST(gather_keeps_list_order_in_each_row) {
  GatherFixture gather;
  const Batch batch =
      gather({{1, 0, 0, 1, true, true}, {0, 1, 0, 2, true, true}, {1, 0, 4, 1, true, true}}, 2, 2);
  CHECK(batch.tokens == Row({200, 201, 100, 104}));
  CHECK(batch.targets == Row({201, 202, 101, 105}));
}

FLM_TEST(gather_refuses_what_does_not_fit) {
  GatherFixture gather;
  const auto one = [&](Piece piece, int64_t vocab_size = 300) { gather({piece}, 1, 4, vocab_size); };
  one({0, 0, 6, 4, true, false});
  CHECK_THROWS(one({0, 0, 6, 4, true, true}), ErrorCode::data_invalid);    // no token behind the last
  CHECK_THROWS(one({0, 0, 7, 4, true, false}), ErrorCode::data_invalid);   // past the file's end
  CHECK_THROWS(one({0, 0, -1, 2, true, false}), ErrorCode::data_invalid);  // before its begin
  CHECK_THROWS(one({0, 0, 0, 5, true, false}), ErrorCode::data_invalid);   // longer than the row
  CHECK_THROWS(one({0, 0, 0, 0, true, false}), ErrorCode::data_invalid);   // empty
  CHECK_THROWS(one({1, 0, 0, 1, true, false}), ErrorCode::data_invalid);   // no such row
  CHECK_THROWS(one({-1, 0, 0, 1, true, false}), ErrorCode::data_invalid);
  CHECK_THROWS(one({0, 2, 0, 1, true, false}), ErrorCode::data_invalid);       // no such file
  CHECK_THROWS(one({0, 0, 0, 3, true, false}, 102), ErrorCode::data_invalid);  // input above the vocabulary
  CHECK_THROWS(one({0, 0, 0, 2, true, true}, 102), ErrorCode::data_invalid);   // target above it
  CHECK_THROWS(gather({{0, 0, 0, 3, true, true}, {0, 0, 3, 2, true, true}}, 1, 4),  // together too long
               ErrorCode::data_invalid);
}

}  // namespace flm::data
