// The loops around the register tile. c is cut into blocks of columns and k into lengths; for each, b is
// packed by the whole team, and then every task multiplies rows of a with it. Rows that lie as the tiles want
// them are read in place; others are prepared by the task that needs them, in its second-level cache. Where
// rows are few, every task packs a panel of b in that cache, and multiplies all rows with it. How k is cut
// depends on K alone and each tile is computed by one thread, so the bits of c do not depend on the team. An
// int8 b is widened to the type of a before it is packed, an f32 b rounded to it as it is packed.
#include "cpu/gemm.h"

#include <algorithm>

#include "cpu/dequantize.h"
#include "cpu/gemm_kernels.h"
#include "cpu/matmul_epilogue.h"

namespace flm::cpu {
namespace {

// Columns of c that share one packing of b, and rows where sums wait for the next length of k.
constexpr int64_t kBlockCols = 1536, kBlockRows = 1536;
// Units of k: one panel of b, 48 * 1024 floats, takes a fifth of a second-level cache of 1 MB.
constexpr int64_t kBlockUnits = 1024;
// Units of k for which a task packs a transposed a: short, so that it packs many rows, which lie side by
// side.
constexpr int64_t kPackedUnits = 256;
// Floats of a that a task goes through for each panel of b: a quarter of that cache.
constexpr int64_t kPartFloats = 1 << 16, kLeastRows = 32;
// At most so many rows, and floats of a for one length of k, are few: 3 MB, which every panel of b reads
// again.
constexpr int64_t kFewRows = 1024, kFewFloats = 3 << 18;
// What is written side by side lies a cache line further apart than it is long: never a power of two, for
// which the caches have few places.
constexpr int64_t kGap = 16;
// Tasks a thread, so that unequal ones even out; multiplications that make a task, elements to pack.
constexpr int64_t kTasksPerThread = 4, kTaskWork = 1 << 20, kPackElements = 1 << 15;

// The length of the parts, at most `limit` and a multiple of `step`, when `total` is cut evenly.
int64_t even_part(int64_t total, int64_t limit, int64_t step) {
  const int64_t parts = std::max<int64_t>(1, ceil_div(total, limit));
  return std::max<int64_t>(1, ceil_div(ceil_div(total, parts), step)) * step;
}

// How a task gets its rows of a.
enum class RowsOfA { in_place, copied, packed };

RowsOfA rows_of(const GemmKernels& kernels, const Matmul& args) {
  if (args.transpose_a) return RowsOfA::packed;
  const int64_t element = int64_t(size_of(args.a.dtype));
  const bool whole_units = element * kernels.steps_per_unit == sizeof(float) &&
                           args.K % kernels.steps_per_unit == 0 && args.lda % kernels.steps_per_unit == 0 &&
                           reinterpret_cast<uintptr_t>(args.a.data) % sizeof(float) == 0;
  // Rows a multiple of 4096 bytes apart would fall on the same cache sets.
  const bool spread = args.lda * element % 4096 != 0;
  return whole_units && spread ? RowsOfA::in_place : RowsOfA::copied;
}

struct Plan {
  RowsOfA rows_of_a;
  int64_t total_units, units;  // of k; of a block
  int64_t own_units;           // for which a task prepares its rows at once
  bool keeps_sums;             // c cannot hold f32 sums between lengths of k
  bool by_panel;               // every task multiplies all rows with a panel of b of its own
  int64_t rows, cols;          // of a block
  int64_t part;                // rows of a task
  int64_t row_stride;          // floats from one copied row of a to the next
  int64_t a_panel_stride, b_panel_stride;
  int64_t dequantized_stride;  // floats from one column of an int8 b to the next, as packing reads it
  // Workspace: packed b, sums, copied or packed a, and of each thread its part of that a and its panel of an
  // int8 b.
  int64_t b_floats, sums_floats, a_floats, own_a_floats = 0, dequantized_floats = 0;

  Plan(const GemmKernels& kernels, const Matmul& args, int64_t threads)
      : rows_of_a(rows_of(kernels, args)),
        total_units(ceil_div(args.K, kernels.steps_per_unit)),
        units(even_part(total_units, kBlockUnits, 1)),
        own_units(rows_of_a == RowsOfA::packed ? even_part(units, kPackedUnits, 1) : units),
        keeps_sums(args.c.dtype != DType::f32 && total_units > own_units),
        rows(keeps_sums ? even_part(args.M, kBlockRows, kernels.mr) : args.M),
        cols(even_part(args.N, kBlockCols, kernels.nr)) {
    const auto largest_part = [&](int64_t block_rows) {
      const int64_t most = std::min(kPartFloats / own_units, block_rows / (kTasksPerThread * threads));
      return std::max(kLeastRows, most / kLeastRows * kLeastRows);
    };
    // As many parts for every thread, if they are not too short.
    const int64_t largest = largest_part(rows);
    const int64_t parts = std::max<int64_t>(1, ceil_div(ceil_div(rows, largest), threads)) * threads;
    const int64_t even = ceil_div(ceil_div(rows, parts), kernels.mr) * kernels.mr;
    part = even < kLeastRows ? largest : even;
    // Evenly cut blocks may be smaller for more rows of c. Memory is planned for the largest, so that what
    // was enough for a long sequence is enough for a shorter one.
    const int64_t most_rows =
        keeps_sums ? std::min(kBlockRows, ceil_div(args.M, kernels.mr) * kernels.mr) : rows;
    const int64_t most_part = largest_part(most_rows);
    row_stride = ceil_div(own_units, kGap) * kGap + kGap;
    a_panel_stride = own_units * kernels.mr + kGap;
    b_panel_stride = units * kernels.nr + kGap;
    b_floats = ceil_div(cols, kernels.nr) * b_panel_stride;
    sums_floats = keeps_sums ? most_rows * cols : 0;
    dequantized_stride = units + kGap;
    if (args.b.dtype == DType::i8) dequantized_floats = kernels.nr * dequantized_stride;
    if (rows_of_a == RowsOfA::packed) own_a_floats = ceil_div(most_part, kernels.mr) * a_panel_stride;
    if (rows_of_a == RowsOfA::copied) own_a_floats = most_part * row_stride;
    a_floats = own_a_floats * threads;

    const int64_t few_rows = std::min(kFewRows, kFewFloats / own_units);
    const int64_t panel_cols = keeps_sums ? cols : args.N;
    const bool has_panels = ceil_div(panel_cols, kernels.nr) >= kTasksPerThread * threads;
    const bool may_go_by_panel = rows_of_a != RowsOfA::packed && has_panels;
    by_panel = may_go_by_panel && args.M <= few_rows;
    if (by_panel) cols = panel_cols;
    if (may_go_by_panel) b_floats = std::max(b_floats, threads * b_panel_stride);
    if (may_go_by_panel && rows_of_a == RowsOfA::copied)
      a_floats = std::max(a_floats, std::min(args.M, few_rows) * row_stride);
  }
};

// The panels of a block's columns. They are nr wide, but the last two share the rest where it would make a
// panel of one vector, whose tiles have too few sums to keep the processor busy.
struct Panels {
  int64_t cols, nr, count, shift;

  Panels(int64_t cols, int64_t nr)
      : cols(cols),
        nr(nr),
        count(ceil_div(cols, nr)),
        shift(count > 1 && cols - (count - 1) * nr <= nr / 3 ? nr / 3 : 0) {}
  int64_t begin(int64_t panel) const {
    return panel == count ? cols : panel * nr - (panel == count - 1 ? shift : 0);
  }
  int64_t width(int64_t panel) const { return begin(panel + 1) - begin(panel); }
};

class Gemm {
 public:
  Gemm(Context& context, const Matmul& args)
      : context_(context),
        args_(args),
        isa_(state_of(context).isa),
        kernels_(gemm_kernels(isa_, args.a.dtype)),
        plan_(kernels_, args, num_threads(context)),
        b_(static_cast<float*>(context.workspace)),
        sums_(b_ + plan_.b_floats),
        a_(sums_ + plan_.sums_floats),
        dequantized_(a_ + plan_.a_floats) {}

  void run() {
    for (int64_t col = 0; col < args_.N; col += plan_.cols) {
      for (int64_t row = 0; row < args_.M; row += plan_.rows) {
        const Block block{row, col, std::min(plan_.rows, args_.M - row), std::min(plan_.cols, args_.N - col)};
        for_each_length([&](const Length& k) {
          if (plan_.by_panel) return multiply_by_panel(block, k);
          if (row == 0 || plan_.total_units > plan_.units) pack(block, k);
          multiply(block, k);
        });
      }
    }
  }

 private:
  // Steps of k, and as units.
  struct Length {
    int64_t begin, steps;
  };
  int64_t units_of(const Length& k) const { return ceil_div(k.steps, kernels_.steps_per_unit); }

  Length length_from(int64_t step) const {
    return {step, std::min(args_.K - step, plan_.units * kernels_.steps_per_unit)};
  }

  template <class Work>
  void for_each_length(const Work& work) const {
    for (int64_t unit = 0; unit == 0 || unit < plan_.total_units; unit += plan_.units)
      work(length_from(unit * kernels_.steps_per_unit));
  }

  // Packs b[k, block cols]. A task takes some panels where columns lie apart in memory, else some steps of
  // all.
  void pack(const Block& block, const Length& k) {
    const Panels panels(block.cols, kernels_.nr);
    if (args_.transpose_b) {
      const int64_t group = std::max<int64_t>(1, kPackElements / (k.steps + 1) / kernels_.nr);
      parallel_tasks(context_, ceil_div(panels.count, group), [&](int64_t task, int thread) {
        const int64_t end = std::min(panels.count, (task + 1) * group);
        for (int64_t p = task * group; p < end; ++p)
          pack_panel(block, panels, p, k, thread, b_ + p * plan_.b_panel_stride);
      });
    } else {
      const int64_t unit = kernels_.steps_per_unit;
      const int64_t group = std::max<int64_t>(1, kPackElements / (block.cols + 1) / unit) * unit;
      parallel_tasks(context_, ceil_div(k.steps, group), [&](int64_t task, int) {
        const Length part{k.begin + task * group, std::min(group, k.steps - task * group)};
        float* to = b_ + task * group / unit * kernels_.nr;
        const int64_t last = panels.count - 1;
        pack_panels(block, panels, 0, last, part, to);
        pack_panels(block, panels, last, panels.count, part, to + last * plan_.b_panel_stride);
      });
    }
  }

  void pack_panel(const Block& block, const Panels& panels, int64_t panel, const Length& k, int thread,
                  float* to) {
    if (args_.b.dtype == DType::i8)
      pack_int8_panel(block, panels, panel, k, thread, to);
    else
      pack_panels(block, panels, panel, panel + 1, k, to);
  }

  // Packs panels [begin, end) of the block to `to` and what follows it.
  void pack_panels(const Block& block, const Panels& panels, int64_t begin, int64_t end, const Length& k,
                   float* to) {
    const int64_t first = panels.begin(begin);
    const auto pack = args_.b.dtype == args_.a.dtype ? kernels_.pack_b : kernels_.pack_wide_b;
    pack(to, plan_.b_panel_stride, columns_of_b(block.col + first, k), args_.ldb, args_.transpose_b,
         panels.begin(end) - first, k.steps);
  }
  const void* columns_of_b(int64_t col, const Length& k) const {
    return args_.b.at(args_.transpose_b ? col * args_.ldb + k.begin : k.begin * args_.ldb + col).data;
  }

  // What a panel is packed from, if there is such a panel, of this length of k or the next.
  LinesAhead lines_of(const Block& block, const Panels& panels, int64_t panel, Length k) const {
    if (panel >= panels.count) {
      panel -= panels.count;
      k = length_from(k.begin + k.steps);
    }
    if (panel >= panels.count || k.steps <= 0 || args_.b.dtype == DType::i8) return {};
    const int64_t element = int64_t(size_of(args_.b.dtype)), cols = panels.width(panel);
    const char* from = static_cast<const char*>(columns_of_b(block.col + panels.begin(panel), k));
    const int64_t into_line = int64_t(reinterpret_cast<uintptr_t>(from) % LinesAhead::kBytes);
    const int64_t bytes = into_line + (args_.transpose_b ? k.steps : cols) * element;
    const int64_t lines = ceil_div(bytes, LinesAhead::kBytes);
    return {.next = from - into_line,
            .left = lines,
            .per_row = lines,
            .jump = args_.ldb * element - lines * LinesAhead::kBytes,
            .rows = args_.transpose_b ? cols : k.steps};
  }

  // Widens the columns of one panel, in the second-level cache, and packs them.
  void pack_int8_panel(const Block& block, const Panels& panels, int64_t panel, const Length& k, int thread,
                       float* packed) {
    const ScaledRows<int8_t> from = int8_rows_of_b(args_, block.col + panels.begin(panel));
    const int64_t cols = panels.width(panel);
    void* wide = dequantized_ + thread * plan_.dequantized_floats;
    const int64_t stride = plan_.dequantized_stride * int64_t(sizeof(float) / size_of(args_.a.dtype));
    if (args_.a.dtype == DType::f32)
      dequantize(isa_, static_cast<float*>(wide), stride, from, cols, k.begin, k.steps);
    else
      dequantize(isa_, static_cast<bf16*>(wide), stride, from, cols, k.begin, k.steps);
    kernels_.pack_b(packed, plan_.b_panel_stride, wide, stride, true, cols, k.steps);
  }

  // Adds the products of one length of k to the block, where rows are few. The last tiles of a panel ask for
  // what the thread will most likely pack next.
  void multiply_by_panel(const Block& block, const Length& k) {
    const Panels panels(block.cols, kernels_.nr);
    if (plan_.rows_of_a == RowsOfA::copied)
      parallel_tasks(context_, ceil_div(args_.M, kLeastRows), [&](int64_t task, int) {
        const int64_t row = task * kLeastRows;
        copy_rows({row, std::min(kLeastRows, args_.M - row)}, k, a_ + row * plan_.row_stride);
      });
    parallel_tasks(context_, panels.count, [&](int64_t p, int thread) {
      float* b = b_ + thread * plan_.b_panel_stride;
      pack_panel(block, panels, p, k, thread, b);
      LinesAhead ahead = lines_of(block, panels, p + num_threads(context_), k);
      const int64_t tiles = ceil_div(ahead.rows * ahead.per_row, units_of(k));
      const int64_t late = std::max<int64_t>(0, args_.M - tiles * kernels_.mr) / kernels_.mr * kernels_.mr;
      multiply_panel(block, {0, late}, panels, p, k, rows_of_a(0, k, a_), b);
      const float* copies = a_ + late * plan_.row_stride;
      multiply_panel(block, {late, args_.M - late}, panels, p, k, rows_of_a(late, k, copies), b, &ahead);
    });
  }

  // Adds the products of one length of k to the block.
  void multiply(const Block& block, const Length& k) {
    const Panels panels(block.cols, kernels_.nr);
    const int64_t row_parts = ceil_div(block.rows, plan_.part);
    const int64_t work_of_panel = std::min(block.rows, plan_.part) * kernels_.nr * k.steps;
    const int64_t wanted = ceil_div(kTasksPerThread * num_threads(context_), row_parts);
    const int64_t group = std::max(
        {int64_t(1), panels.count / wanted, std::min(panels.count, kTaskWork / (work_of_panel + 1))});
    const int64_t col_parts = ceil_div(panels.count, group);
    parallel_tasks(context_, row_parts * col_parts, [&](int64_t task, int thread) {
      const int64_t row = task / col_parts * plan_.part, panel = task % col_parts * group;
      const Rows rows{row, std::min(plan_.part, block.rows - row)};
      multiply_part(block, rows, panels, panel, std::min(panels.count, panel + group), k, thread);
    });
  }

  // Rows of a block.
  struct Rows {
    int64_t begin, count;
  };

  void multiply_part(const Block& block, const Rows& rows, const Panels& panels, int64_t first_panel,
                     int64_t end_panel, const Length& k, int thread) {
    const int64_t own_steps = plan_.own_units * kernels_.steps_per_unit;
    for (int64_t step = 0; step == 0 || step < k.steps; step += own_steps) {
      const Length own{k.begin + step, std::min(own_steps, k.steps - step)};
      const RowOperand a = prepare_rows(block, rows, own, a_ + thread * plan_.own_a_floats);
      const float* b = b_ + step / kernels_.steps_per_unit * kernels_.nr;
      for (int64_t p = first_panel; p < end_panel; ++p)
        multiply_panel(block, rows, panels, p, own, a, b + p * plan_.b_panel_stride);
    }
  }

  struct RowOperand {
    const float* data;
    int64_t stride;     // as a tile wants it
    int64_t tile_step;  // floats from one mr rows to the next
    bool is_panel;
  };

  // Rows of a block as tiles want them, in `own` if not in place.
  RowOperand prepare_rows(const Block& block, const Rows& rows, const Length& k, float* own) {
    const int64_t row = block.row + rows.begin;
    if (plan_.rows_of_a == RowsOfA::packed) {
      const In from = args_.a.at(k.begin * args_.lda + row);
      kernels_.pack_a(own, plan_.a_panel_stride, from.data, args_.lda, rows.count, k.steps);
      return {own, kernels_.mr, plan_.a_panel_stride, true};
    }
    if (plan_.rows_of_a == RowsOfA::copied) copy_rows({row, rows.count}, k, own);
    return rows_of_a(row, k, own);
  }

  // Rows of a.
  void copy_rows(const Rows& rows, const Length& k, float* to) {
    const In from = args_.a.at(rows.begin * args_.lda + k.begin);
    kernels_.copy_rows(to, plan_.row_stride, from.data, args_.lda, rows.count, k.steps);
  }

  // Rows of a from `row` on: in place, or copied to `copies`.
  RowOperand rows_of_a(int64_t row, const Length& k, const float* copies) const {
    if (plan_.rows_of_a == RowsOfA::copied)
      return {copies, plan_.row_stride, kernels_.mr * plan_.row_stride, false};
    const int64_t stride = args_.lda / kernels_.steps_per_unit;
    const void* from = args_.a.at(row * args_.lda + k.begin).data;
    return {static_cast<const float*>(from), stride, kernels_.mr * stride, false};
  }

  // One panel, at `b`, with rows of a block.
  void multiply_panel(const Block& block, const Rows& rows, const Panels& panels, int64_t panel,
                      const Length& k, RowOperand a, const float* b, LinesAhead* ahead = nullptr) {
    for (int64_t i = 0; i < rows.count; i += kernels_.mr, a.data += a.tile_step) {
      const Block tile{rows.begin + i, panels.begin(panel), std::min<int64_t>(kernels_.mr, rows.count - i),
                       panels.width(panel)};
      multiply_tile(block, tile, k, a, b, ahead);
    }
  }

  // `tile` counts from the corner of `block`.
  void multiply_tile(const Block& block, const Block& tile, const Length& k, const RowOperand& a,
                     const float* panel, LinesAhead* ahead) {
    const bool first = k.begin == 0, last = k.begin + k.steps == args_.K;
    const bool is_f32 = args_.c.dtype == DType::f32;
    const auto run = [&](const GemmKernels::Tiles& tiles, const TileOutput& out) {
      (a.is_panel ? tiles.of_panel : tiles.of_rows)(int(tile.rows), int(tile.cols), units_of(k), a.data,
                                                    a.stride, panel, out);
    };
    float* sums = sums_ + tile.row * plan_.cols + tile.col;
    if (plan_.keeps_sums && !last) {
      run(kernels_.to_f32, {.c = sums,
                            .ldc = plan_.cols,
                            .alpha = float(args_.alpha),
                            .addend = first ? nullptr : sums,
                            .ahead = ahead});
      return;
    }
    const int64_t row = block.row + tile.row, col = block.col + tile.col, at = row * args_.ldc + col;
    TileOutput out{.c = args_.c.at(at).data, .ldc = args_.ldc, .alpha = float(args_.alpha), .ahead = ahead};
    if (plan_.keeps_sums && !first) {
      out.sums = sums;
      out.ld_sums = plan_.cols;
    }
    // c itself holds the sums of other lengths, if there are any, unless it keeps them elsewhere.
    const bool starts = first || plan_.keeps_sums;
    if (starts && args_.bias) out.bias = args_.bias.as<float>() + col;
    if (!starts || args_.accumulate)
      out.addend = out.c;
    else if (args_.residual)
      out.addend = args_.residual.at(at).data;
    run(is_f32 ? kernels_.to_f32 : kernels_.to_bf16, out);
  }

  Context& context_;
  const Matmul& args_;
  const Isa isa_;
  const GemmKernels& kernels_;
  const Plan plan_;
  float *b_, *sums_, *a_, *dequantized_;
};

}  // namespace

size_t gemm_workspace(const Context& context, const Matmul& args) {
  const Plan plan(gemm_kernels(state_of(context).isa, args.a.dtype), args, num_threads(context));
  const int64_t dequantized = plan.dequantized_floats * num_threads(context);
  return size_t(plan.b_floats + plan.sums_floats + plan.a_floats + dequantized) * sizeof(float);
}

void gemm(Context& context, const Matmul& args) { Gemm(context, args).run(); }

}  // namespace flm::cpu
