#include "engine/transfer.h"

#include <algorithm>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

#include "core/error.h"
#include "core/philox.h"
#include "engine/axis_map.h"
#include "engine/source_file.h"

namespace flm {
namespace {

constexpr int64_t kStagingBytes = 8 << 20;

double to_double(float value) { return value; }
double to_double(double value) { return value; }
double to_double(bf16 value) { return to_float(value); }

template <class T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, bf16>) {
    return to_bf16(float(value));
  } else {
    return T(value);
  }
}

// New elements' values, each a function of its place in the global tensor.
class Filler {
 public:
  Filler(const Move& move, uint64_t seed, int64_t cols)
      : kind_(move.fill),
        value_(move.fill_value),
        seed_(seed),
        stream_(philox_stream(move.tensor)),
        cols_(cols) {}

  // `count` elements of a row, from `col` on.
  template <class To>
  void operator()(int64_t row, int64_t col, int64_t count, To* out) const {
    if (kind_ == FillKind::constant) {
      std::fill_n(out, count, from_double<To>(value_));
      return;
    }
    constexpr int64_t kDrawn = 512;  // stays in the first cache
    double drawn[kDrawn];
    for (int64_t begin = 0; begin < count; begin += kDrawn) {
      const int64_t some = std::min(kDrawn, count - begin);
      philox_normals(seed_, stream_, uint64_t(row * cols_ + col + begin), some, drawn);
      for (int64_t i = 0; i < some; ++i) out[begin + i] = from_double<To>(value_ * drawn[i]);
    }
  }

 private:
  FillKind kind_;
  double value_;
  uint64_t seed_, stream_;
  int64_t cols_;
};

// Calls function(T{}) with the element type of a floating-point dtype.
template <class Function>
void with_type(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::f32:
      return function(float{});
    case DType::bf16:
      return function(bf16{});
    case DType::f64:
      return function(double{});
    default:
      fail(ErrorCode::internal, "a tensor cannot be loaded as ", name_of(dtype));
  }
}

// Where one tensor lies in a file, and which of its columns a box needs.
struct Source {
  Source(const Move& move, const std::string& path, IndexRange columns)
      : file(path),
        offset(move.offset),
        element(int64_t(size_of(move.dtype))),
        cols(move.source_cols),
        columns(columns) {
    const int64_t bytes = file.size() - offset;
    FLM_CHECK(offset >= 0 && bytes >= 0 && move.source_rows <= bytes / element / cols,
              ErrorCode::checkpoint_invalid, path, ": ", move.tensor, " (", move.source_rows, " x ", cols,
              " ", name_of(move.dtype), " from byte ", offset, ") does not fit in a file of ", file.size(),
              " bytes");
  }

  int64_t row_bytes() const { return columns.count() * element; }

  // The needed columns of `count` rows from `row` on, packed, to `staging`.
  void read_rows(int64_t row, int64_t count, uint8_t* staging) const {
    if (columns.count() == cols) {
      file.read(offset + row * cols * element, size_t(count * row_bytes()), staging);
      return;
    }
    for (int64_t i = 0; i < count; ++i) {
      file.read(offset + ((row + i) * cols + columns.first) * element, size_t(row_bytes()),
                staging + i * row_bytes());
    }
  }

  SourceFile file;
  int64_t offset, element, cols;
  IndexRange columns;
};

// Below this a thread is not worth starting.
constexpr int64_t kElementsPerThread = 1 << 18;

// Calls part(begin, end) with ranges that make up [0, rows). Values depend on their place alone, so that any
// number of threads gives the same.
template <class Part>
void in_parts(int64_t rows, int64_t cols, Part&& part) {
  const int64_t threads = std::clamp<int64_t>(rows * cols / kElementsPerThread, 1,
                                              std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::jthread> others;
  for (int64_t t = 1; t < threads; ++t)
    others.emplace_back(part, rows * t / threads, rows * (t + 1) / threads);
  part(0, rows / threads);
}

template <class To>
void fill_rows(const Filler& fill, const Box& box, int64_t row, int64_t count, To* out) {
  in_parts(count, box.col_count, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      fill(row + r, box.col_begin, box.col_count, out + r * box.col_count);
  });
}

// How the elements of a box follow from those of its source.
struct Mapping {
  const Box& box;
  const AxisMap &rows, &cols;
  const Filler& fill;
  double scale;

  // Rows from `row` on whose source rows follow one another, or that are all new; at most `limit` of them.
  int64_t run_length(int64_t row, int64_t limit) const {
    const int64_t end = std::min(row + limit, box.row_begin + box.row_count), step = rows[row] < 0 ? 0 : 1;
    int64_t count = 1;
    while (row + count < end && rows[row + count] == rows[row] + step * count) ++count;
    return count;
  }

  // Columns of the box from `i` on that are all new.
  int64_t new_columns(int64_t i) const {
    int64_t end = i;
    while (end < box.col_count && cols[box.col_begin + end] < 0) ++end;
    return end - i;
  }

  // Rows [row, row + count) from `count` rows of the source, which hold the needed columns alone.
  template <class To, class From>
  void copy_run(int64_t row, int64_t count, const From* from, IndexRange columns, To* out) const {
    in_parts(count, box.col_count, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const From* old_row = from + r * columns.count();
        To* to = out + r * box.col_count;
        for (int64_t i = 0; i < box.col_count;) {
          const int64_t col = box.col_begin + i;
          if (const int64_t run = new_columns(i); run > 0) {
            fill(row + r, col, run, to + i);
            i += run;
          } else {
            to[i++] = from_double<To>(scale * to_double(old_row[cols[col] - columns.first]));
          }
        }
      }
    });
  }
};

// The mean of some of the source's rows, of its needed columns.
template <class From>
std::vector<double> mean_row(const Source& source, std::span<const int32_t> rows) {
  std::vector<From> values(size_t(source.columns.count()));
  std::vector<double> mean(values.size(), 0);
  for (const int32_t row : rows) {
    source.read_rows(row, 1, reinterpret_cast<uint8_t*>(values.data()));
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += to_double(values[i]) / double(rows.size());
  }
  return mean;
}

template <class To, class From>
void copy_rows(const Source& source, const Mapping& mapping, To* out) {
  const Box& box = mapping.box;
  const int64_t limit = std::max<int64_t>(1, kStagingBytes / source.row_bytes());
  std::vector<From> staging;
  for (int64_t row = box.row_begin; row < box.row_begin + box.row_count;) {
    const auto averaged = mapping.rows.mean(row);
    const int64_t run = averaged.empty() ? mapping.run_length(row, limit) : 1, old = mapping.rows[row];
    if (!averaged.empty()) {
      mapping.copy_run(row, 1, mean_row<From>(source, averaged).data(), source.columns, out);
    } else if (old < 0) {
      fill_rows(mapping.fill, box, row, run, out);
    } else {
      staging.resize(size_t(run * source.columns.count()));
      source.read_rows(old, run, reinterpret_cast<uint8_t*>(staging.data()));
      mapping.copy_run(row, run, staging.data(), source.columns, out);
    }
    row += run;
    out += run * box.col_count;
  }
}

void check_box(const Box& box, int64_t rows, int64_t cols, const std::string& tensor) {
  const bool inside = box.row_begin >= 0 && box.row_count >= 0 && box.row_begin + box.row_count <= rows &&
                      box.col_begin >= 0 && box.col_count >= 0 && box.col_begin + box.col_count <= cols;
  FLM_CHECK(inside, ErrorCode::internal, "the local box of ", tensor, " lies outside ", rows, " x ", cols);
}

}  // namespace

void fill_tensor(const Move& move, const LoadPlan& plan, int64_t rows, int64_t cols, const Box& box,
                 Out values) {
  check_box(box, rows, cols, move.tensor);
  FLM_CHECK(move.file < int64_t(plan.files.size()), ErrorCode::invalid_argument, "load plan: ", move.tensor,
            " names file ", move.file, " of ", plan.files.size());
  const Filler fill(move, plan.seed, cols);
  with_type(values.dtype, [&](auto to_type) {
    using To = decltype(to_type);
    To* out = values.as<To>();
    if (move.file < 0) return fill_rows(fill, box, box.row_begin, box.row_count, out);
    const AxisMap row_map(plan, move, MapAxis::row, rows), col_map(plan, move, MapAxis::col, cols);
    const IndexRange columns = col_map.used(box.col_begin, box.col_count);
    if (columns.count() == 0) return fill_rows(fill, box, box.row_begin, box.row_count, out);
    const Source source(move, plan.files[size_t(move.file)], columns);
    const Mapping mapping{box, row_map, col_map, fill, move.scale};
    with_type(move.dtype, [&](auto from_type) { copy_rows<To, decltype(from_type)>(source, mapping, out); });
  });
}

}  // namespace flm
