#include "data/gather.h"

#include "core/error.h"

namespace flm::data {
namespace {

constexpr int32_t kNoTarget = -1;

class RowWriter {
 public:
  RowWriter(std::span<const TokenFile> files, int64_t seq_length, int64_t vocab_size)
      : files_(files), seq_length_(seq_length), vocab_size_(vocab_size) {}

  // Starts a row; the three arrays have seq_length entries.
  void begin(int32_t* tokens, int32_t* targets, int32_t* positions) {
    tokens_ = tokens;
    targets_ = targets;
    positions_ = positions;
    used_ = position_ = 0;
  }

  // `next` is the piece that follows in the row, if any.
  void place(const Piece& piece, const Piece* next) {
    check(piece);
    const TokenFile& file = files_[size_t(piece.file)];
    if (piece.new_segment) position_ = 0;
    int32_t* tokens = tokens_ + used_;
    read(file, piece.offset, piece.length, tokens);
    for (int64_t i = 0; i < piece.length; ++i) positions_[used_ + i] = int32_t(position_++);
    int32_t* targets = targets_ + used_;
    for (int64_t i = 0; i + 1 < piece.length; ++i) targets[i] = piece.no_targets ? kNoTarget : tokens[i + 1];
    used_ += piece.length;
    targets_[used_ - 1] = piece.no_targets ? kNoTarget : last_target(piece, next);
  }

  void pad() {
    for (int64_t i = used_; i < seq_length_; ++i) {
      tokens_[i] = 0;
      targets_[i] = kNoTarget;
      positions_[i] = int32_t(i - used_);
    }
  }

 private:
  void check(const Piece& piece) const {
    FLM_CHECK(piece.file >= 0 && piece.file < int64_t(files_.size()), ErrorCode::data_invalid,
              "a piece of row ", piece.row, " names token file ", piece.file, " of ", files_.size());
    FLM_CHECK(piece.length > 0 && piece.length <= seq_length_ - used_, ErrorCode::data_invalid, "a piece of ",
              piece.length, " tokens from ", piece.offset, " of ", files_[size_t(piece.file)].path(),
              " does not fit behind ", used_, " tokens in row ", piece.row, " of seq_length ", seq_length_);
  }

  void read(const TokenFile& file, int64_t offset, int64_t count, int32_t* out) const {
    file.read(offset, count, out);
    for (int64_t i = 0; i < count; ++i) {
      FLM_CHECK(out[i] >= 0 && out[i] < vocab_size_, ErrorCode::data_invalid, "token ", uint32_t(out[i]),
                " at ", offset + i, " of ", file.path(), " is not below vocab_size ", vocab_size_,
                "; the file is damaged, or was made with another tokenizer");
    }
  }

  int32_t last_target(const Piece& piece, const Piece* next) const {
    int32_t target = kNoTarget;
    if (next && !next->new_segment) {
      check(*next);
      read(files_[size_t(next->file)], next->offset, 1, &target);
    } else if (piece.last_target) {
      read(files_[size_t(piece.file)], piece.offset + piece.length, 1, &target);
    }
    return target;
  }

  std::span<const TokenFile> files_;
  int64_t seq_length_, vocab_size_;
  int32_t *tokens_ = nullptr, *targets_ = nullptr, *positions_ = nullptr;
  int64_t used_ = 0;      // inputs of this row so far
  int64_t position_ = 0;  // of the next input in its segment
};

}  // namespace

Batch gather(std::span<const TokenFile> files, std::span<const Piece> pieces, int64_t rows,
             int64_t seq_length, int64_t vocab_size) {
  std::vector<std::vector<const Piece*>> by_row(static_cast<size_t>(rows));
  for (const Piece& piece : pieces) {
    FLM_CHECK(piece.row >= 0 && piece.row < rows, ErrorCode::data_invalid, "a piece names row ", piece.row,
              " of ", rows);
    by_row[size_t(piece.row)].push_back(&piece);
  }
  const size_t size = size_t(rows * seq_length);
  Batch batch{std::vector<int32_t>(size), std::vector<int32_t>(size), std::vector<int32_t>(size)};
  RowWriter writer(files, seq_length, vocab_size);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t at = row * seq_length;
    const auto& in_row = by_row[size_t(row)];
    writer.begin(batch.tokens.data() + at, batch.targets.data() + at, batch.positions.data() + at);
    for (size_t i = 0; i < in_row.size(); ++i) {
      writer.place(*in_row[i], i + 1 < in_row.size() ? in_row[i + 1] : nullptr);
    }
    writer.pad();
  }
  return batch;
}

}  // namespace flm::data
