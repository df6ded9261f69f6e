// The loops around the register tile. c is cut into blocks, k into lengths that keep a panel of b near the
// processor; for each the operands are packed, and then tiles are computed, both by the whole team. How k is
// cut depends on K alone and each tile is computed by one thread, so the bits of c do not depend on the team.
#include "cpu/gemm.h"

#include <algorithm>

#include "cpu/gemm_kernels.h"
#include "cpu/matmul_epilogue.h"

namespace flm::cpu {
namespace {

// Rows and columns of c that share one packing: it costs 1 / kBlockCols + 1 / kBlockRows of the product.
constexpr int64_t kBlockRows = 1536, kBlockCols = 1536;
// Units of k: a panel of b (48 * 384 * 4 bytes) stays in the second-level cache.
constexpr int64_t kBlockUnits = 384;
// Rows of packed a that stay in the second-level cache.
constexpr int64_t kPartRows = 192;
// Multiplications, and elements to pack, that are worth a task.
constexpr int64_t kTaskWork = 1 << 20, kPackElements = 1 << 15;

// The length of the parts, at most `limit` and a multiple of `step`, when `total` is cut evenly.
int64_t even_part(int64_t total, int64_t limit, int64_t step) {
  const int64_t parts = std::max<int64_t>(1, ceil_div(total, limit));
  return std::max<int64_t>(1, ceil_div(ceil_div(total, parts), step)) * step;
}

struct Plan {
  int64_t rows, cols, units;  // of a block
  int64_t total_units;
  bool keeps_sums;  // c cannot hold f32 sums between blocks of k

  Plan(const GemmKernels& kernels, const Matmul& args)
      : rows(even_part(args.M, kBlockRows, kernels.mr)),
        cols(even_part(args.N, kBlockCols, kernels.nr)),
        total_units(ceil_div(args.K, kernels.steps_per_unit)) {
    units = even_part(total_units, kBlockUnits, 1);
    keeps_sums = args.c.dtype != DType::f32 && total_units > units;
  }
  // Workspace: packed a, packed b, sums.
  int64_t a_floats() const { return rows * units; }
  int64_t b_floats() const { return units * cols; }
  int64_t sums_floats() const { return keeps_sums ? rows * cols : 0; }
};

class Gemm {
 public:
  Gemm(Context& context, const Matmul& args)
      : context_(context),
        args_(args),
        isa_(state_of(context).isa),
        kernels_(gemm_kernels(isa_, args.a.dtype)),
        plan_(kernels_, args),
        a_(static_cast<float*>(context.workspace)),
        b_(a_ + plan_.a_floats()),
        sums_(b_ + plan_.b_floats()) {}

  void run() {
    for (int64_t col = 0; col < args_.N; col += plan_.cols) {
      for (int64_t row = 0; row < args_.M; row += plan_.rows) {
        const Block block{row, col, std::min(plan_.rows, args_.M - row), std::min(plan_.cols, args_.N - col)};
        for (int64_t unit = 0; unit == 0 || unit < plan_.total_units; unit += plan_.units) {
          const int64_t step = unit * kernels_.steps_per_unit;
          const int64_t steps = std::min(args_.K - step, plan_.units * kernels_.steps_per_unit);
          pack(block, step, steps);
          compute(block, step, steps);
        }
      }
    }
  }

 private:
  // Packs a[block rows, steps] and b[steps, block cols].
  void pack(const Block& block, int64_t step, int64_t steps) {
    const int64_t units = ceil_div(steps, kernels_.steps_per_unit);
    const int64_t a_panels = ceil_div(block.rows, kernels_.mr), b_panels = ceil_div(block.cols, kernels_.nr);
    const int64_t a_group = std::max<int64_t>(1, kPackElements / std::max<int64_t>(1, kernels_.mr * steps));
    const int64_t b_group = std::max<int64_t>(1, kPackElements / std::max<int64_t>(1, kernels_.nr * steps));
    const int64_t a_tasks = ceil_div(a_panels, a_group), b_tasks = ceil_div(b_panels, b_group);
    parallel_tasks(context_, a_tasks + b_tasks, [&](int64_t task, int) {
      const bool of_a = task < a_tasks;
      const int64_t group = of_a ? a_group : b_group, first = (of_a ? task : task - a_tasks) * group;
      for (int64_t panel = first; panel < std::min(first + group, of_a ? a_panels : b_panels); ++panel) {
        of_a ? pack_a_panel(block, panel, step, steps, units)
             : pack_b_panel(block, panel, step, steps, units);
      }
    });
  }

  void pack_a_panel(const Block& block, int64_t panel, int64_t step, int64_t steps, int64_t units) {
    const int64_t lane = panel * kernels_.mr, row = block.row + lane;
    const In from = args_.a.at(args_.transpose_a ? step * args_.lda + row : row * args_.lda + step);
    kernels_.pack_a(a_ + lane * units, from.data, args_.lda, !args_.transpose_a,
                    int(std::min<int64_t>(kernels_.mr, block.rows - lane)), steps);
  }

  void pack_b_panel(const Block& block, int64_t panel, int64_t step, int64_t steps, int64_t units) {
    const int64_t lane = panel * kernels_.nr, col = block.col + lane;
    const In from = args_.b.at(args_.transpose_b ? col * args_.ldb + step : step * args_.ldb + col);
    kernels_.pack_b(b_ + lane * units, from.data, args_.ldb, args_.transpose_b,
                    int(std::min<int64_t>(kernels_.nr, block.cols - lane)), steps);
  }

  // Adds the products of one length of k to the block, tile by tile.
  void compute(const Block& block, int64_t step, int64_t steps) {
    const bool first = step == 0, last = step + steps == args_.K;
    const int64_t units = ceil_div(steps, kernels_.steps_per_unit);
    const int64_t panels = ceil_div(block.cols, kernels_.nr), row_parts = ceil_div(block.rows, kPartRows);
    const int64_t work_of_panel = std::min(block.rows, kPartRows) * kernels_.nr * steps;
    const int64_t wanted = ceil_div(4 * num_threads(context_), row_parts);
    const int64_t group =
        std::max({int64_t(1), panels / wanted, std::min(panels, kTaskWork / (work_of_panel + 1))});
    const int64_t col_parts = ceil_div(panels, group);
    parallel_tasks(context_, row_parts * col_parts, [&](int64_t task, int) {
      const int64_t row = task / col_parts * kPartRows, panel = task % col_parts * group;
      const int64_t row_end = std::min(block.rows, row + kPartRows),
                    panel_end = std::min(panels, panel + group);
      for (int64_t p = panel; p < panel_end; ++p) {
        for (int64_t i = row; i < row_end; i += kernels_.mr) {
          const int64_t j = p * kernels_.nr;
          const Block tile{i, j, std::min<int64_t>(kernels_.mr, row_end - i),
                           std::min<int64_t>(kernels_.nr, block.cols - j)};
          compute_tile(block, tile, units, first, last);
        }
      }
    });
  }

  // `tile` counts from the corner of `block`.
  void compute_tile(const Block& block, const Block& tile, int64_t units, bool first, bool last) {
    const float* a = a_ + tile.row * units;
    const float* b = b_ + tile.col * units;
    const Block in_c{block.row + tile.row, block.col + tile.col, tile.rows, tile.cols};
    const auto run = [&](float* sums, int64_t ld, bool add) {
      kernels_.tile(int(tile.rows), int(tile.cols), units, a, kernels_.mr, b, sums, ld, float(args_.alpha),
                    add);
    };
    if (args_.c.dtype == DType::f32) {
      const bool plain = !args_.bias && !args_.residual;
      float* c = args_.c.as<float>() + in_c.row * args_.ldc + in_c.col;
      if (plain || !first) return run(c, args_.ldc, !first || args_.accumulate);
    }
    if (plan_.keeps_sums) {
      float* sums = sums_ + tile.row * plan_.cols + tile.col;
      run(sums, plan_.cols, !first);
      if (last) finish_block<bf16>(isa_, args_, in_c, sums, plan_.cols);
      return;
    }
    // One length of k is all, or f32 c begins with bias and residual.
    alignas(64) float sums[kMaxTileRows * kMaxTileCols];
    run(sums, kernels_.nr, false);
    args_.c.dtype == DType::f32 ? finish_block<float>(isa_, args_, in_c, sums, kernels_.nr)
                                : finish_block<bf16>(isa_, args_, in_c, sums, kernels_.nr);
  }

  Context& context_;
  const Matmul& args_;
  const Isa isa_;
  const GemmKernels& kernels_;
  const Plan plan_;
  float *a_, *b_, *sums_;
};

}  // namespace

size_t gemm_workspace(const Context& context, const Matmul& args) {
  const Plan plan(gemm_kernels(state_of(context).isa, args.a.dtype), args);
  return size_t(plan.a_floats() + plan.b_floats() + plan.sums_floats()) * sizeof(float);
}

void gemm(Context& context, const Matmul& args) { Gemm(context, args).run(); }

}  // namespace flm::cpu
