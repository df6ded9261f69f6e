// The softmax over a row of scores is made while the keys pass by: whenever a larger score appears, what was
// summed so far is scaled down. Source: FlashAttention-2, arXiv 2307.08691, algorithm 1.
#include "cpu/attention_forward.h"

#include <cmath>
#include <limits>

#include "cpu/attention_tile.h"

namespace flm::cpu {
namespace {

constexpr int64_t kKeys = 192;  // of a tile
static_assert(kForwardQueries % kMaxTileCols == 0 && kKeys % 2 == 0);

struct Scratch {
  Scratch(float* base, const GemmKernels& kernels, const HeadPacker& packer, int64_t D) : plan(base) {
    q = plan.take(kForwardQueries * packer.row_units());
    k = plan.take(kKeys * packer.row_units());
    v = plan.take(packer.row_panels() * packer.panel_floats(kKeys));
    scores = plan.take(kKeys * kernels.nr);
    weights = kernels.steps_per_unit == 1 ? scores : plan.take(packer.units(kKeys) * kernels.nr);
    ldo = ceil_div(D, 16) * 16;
    o = plan.take(kForwardQueries * ldo);
    maximum = plan.take(kForwardQueries);
    sum = plan.take(kForwardQueries);
    factor = plan.take(kernels.nr);
  }
  ScratchPlan plan;
  float* q;              // transposed, panels over queries
  float* k;              // rows
  float* v;              // panels over D
  float* scores;         // (keys, nr)  of one panel of queries, in units of ln 2
  float* weights;        // (keys, nr)  2^(score - maximum) in units; the memory of scores for f32
  float* o;              // (queries, ldo)
  float *maximum, *sum;  // (queries)
  float* factor;         // (nr)        what older sums of a panel are multiplied by
  int64_t ldo;
};

inline float larger(float a, float b) { return a < b ? b : a; }

class ForwardTask {
 public:
  ForwardTask(Isa isa, const AttentionFwd& args, int64_t first, int64_t query, int64_t count, int64_t head,
              float* scratch)
      : isa_(isa),
        args_(args),
        kernels_(gemm_kernels(isa, args.q.dtype)),
        packer_(kernels_, args.D),
        s_(scratch, kernels_, packer_, args.D),
        first_(first),
        query_(query),
        count_(count),
        head_(head) {}

  template <class T>
  void run() {
    const int64_t start = first_ * args_.qkv_stride, kv_head = head_ / (args_.H / args_.G);
    const HeadRows q{args_.q.at(start + head_ * args_.D), args_.qkv_stride};
    const HeadRows k{args_.k.at(start + kv_head * args_.D), args_.qkv_stride};
    const HeadRows v{args_.v.at(start + kv_head * args_.D), args_.qkv_stride};
    packer_.pack_transposed(s_.q, q, query_, count_);
    std::fill_n(s_.maximum, count_, -std::numeric_limits<float>::infinity());
    std::fill_n(s_.sum, count_, 0.0f);
    for (int64_t key = 0; key < query_ + count_; key += kKeys) {
      const int64_t keys = std::min(kKeys, query_ + count_ - key);
      packer_.copy_rows(s_.k, k, key, keys);
      packer_.pack_panels(s_.v, v, key, keys);
      for (int64_t column = 0; column < count_; column += kernels_.nr) add_keys(key, keys, column);
    }
    finish<T>();
  }

 private:
  // Lets the panel of queries that begins at `column` of the tile see its part of a tile of keys.
  void add_keys(int64_t key, int64_t keys, int64_t column) {
    const int64_t width = std::min<int64_t>(kernels_.nr, count_ - column);
    const int64_t lead = query_ + column - key;  // how far the panel's first query is ahead of the first key
    const int64_t seen = std::min(keys, lead + width);
    if (seen <= 0) return;
    const float alpha = float(args_.scale * kLog2E);
    for (int64_t i = 0; i < seen; i += kernels_.mr) {
      const int64_t skip = first_column(i, lead);
      kernels_.to_f32.of_rows(int(std::min<int64_t>(kernels_.mr, seen - i)), int(width - skip),
                              packer_.row_units(), s_.k + i * packer_.row_units(), packer_.row_units(),
                              s_.q + column * packer_.row_units() + skip,
                              {.c = s_.scores + i * kernels_.nr + skip, .ldc = kernels_.nr, .alpha = alpha});
    }
    run_for_isa(isa_, [&](int64_t, int64_t end) { softmax(column, width, end, lead); }, 0, seen);
    add_values(key > 0, keys, column, width, seen, lead);
  }

  // The scores of key i begin with this query of the panel; the queries before it do not see the key.
  int64_t first_column(int64_t i, int64_t lead) const {
    return packer_.skipped_columns(lead - i / kernels_.mr * kernels_.mr);
  }

  // Scores to weights, maxima and sums. Query j of the panel sees key i when i <= lead + j.
  void softmax(int64_t column, int64_t width, int64_t seen, int64_t lead) const {
    const int64_t ld = kernels_.nr;
    float* __restrict maximum = s_.maximum + column;
    float* __restrict sum = s_.sum + column;
    float* __restrict factor = s_.factor;
    for (int64_t i = std::max<int64_t>(0, lead + 1); i < seen; ++i) {
      std::fill(s_.scores + i * ld + first_column(i, lead), s_.scores + i * ld + std::min(width, i - lead),
                -std::numeric_limits<float>::infinity());
    }
    for (int64_t j = 0; j < width; ++j) factor[j] = maximum[j];
    // Several rows of a register tile at once, since a maximum must wait for the one before.
    int64_t row = 0;
    for (; row + 4 <= seen; row += 4) {
      const float* __restrict score = s_.scores + row * ld;
      for (int64_t j = first_column(row, lead); j < width; ++j) {
        maximum[j] = larger(maximum[j], larger(larger(score[j], score[ld + j]),
                                               larger(score[2 * ld + j], score[3 * ld + j])));
      }
    }
    for (; row < seen; ++row) {
      const float* __restrict score = s_.scores + row * ld;
      for (int64_t j = first_column(row, lead); j < width; ++j) maximum[j] = larger(maximum[j], score[j]);
    }
    for (int64_t j = 0; j < width; ++j) {
      factor[j] = vec_exp2_bounded(factor[j] - maximum[j]);
      sum[j] *= factor[j];
    }
    if (kernels_.steps_per_unit == 1) {
      for (int64_t i = 0; i < seen; ++i) {
        float* __restrict score = s_.scores + i * ld;
        for (int64_t j = first_column(i, lead); j < width; ++j) {
          score[j] = vec_exp2_bounded(score[j] - maximum[j]);
          sum[j] += score[j];
        }
      }
      return;
    }
    // Pairs of keys; a key beyond the last one seen weighs nothing.
    if (seen % 2) std::fill_n(s_.scores + seen * ld, width, -std::numeric_limits<float>::infinity());
    for (int64_t i = 0; i < seen; i += 2) {
      const float* __restrict score = s_.scores + i * ld;
      float* __restrict weight = s_.weights + i / 2 * ld;
      for (int64_t j = first_column(i, lead); j < width; ++j) {
        const float weight0 = vec_exp2_bounded(score[j] - maximum[j]);
        const float weight1 = vec_exp2_bounded(score[ld + j] - maximum[j]);
        weight[j] = unit_of(weight0, weight1);
        sum[j] += weight0 + weight1;
      }
    }
  }

  void add_values(bool again, int64_t keys, int64_t column, int64_t width, int64_t seen, int64_t lead) {
    float* o = s_.o + column * s_.ldo;
    if (again) {
      run_for_isa(
          isa_,
          [&](int64_t begin, int64_t end) {
            for (int64_t j = begin; j < end; ++j) {
              for (int64_t d = 0; d < args_.D; ++d) o[j * s_.ldo + d] *= s_.factor[j];
            }
          },
          0, width);
    }
    for (int64_t j = 0; j < width; j += kernels_.mr) {
      const int64_t rows = std::min<int64_t>(kernels_.mr, width - j);
      const int64_t steps = std::min(seen, lead + j + rows);
      if (steps <= 0) continue;
      packer_.multiply_panels(kernels_.to_f32.of_panel, int(rows), steps, s_.weights + j, kernels_.nr, s_.v,
                              keys, 0, o + j * s_.ldo, s_.ldo, again);
    }
  }

  template <class T>
  void finish() {
    float* lse = args_.lse.as<float>() + head_ * args_.N + first_ + query_;
    T* to = args_.o.as<T>() + ((first_ + query_) * args_.H + head_) * args_.D;
    for (int64_t i = 0; i < count_; ++i) lse[i] = float(kLn2 * s_.maximum[i]) + std::log(s_.sum[i]);
    run_for_isa(
        isa_,
        [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const float inverse = 1.0f / s_.sum[i];
            const float* __restrict from = s_.o + i * s_.ldo;
            T* __restrict row = to + i * args_.H * args_.D;
            prefetch_row_after<1>(row, args_.H * args_.D, args_.D);
            for (int64_t d = 0; d < args_.D; ++d) row[d] = round_to<T>(from[d] * inverse);
          }
        },
        0, count_);
  }

  const Isa isa_;
  const AttentionFwd& args_;
  const GemmKernels& kernels_;
  const HeadPacker packer_;
  const Scratch s_;
  const int64_t first_, query_, count_, head_;
};

}  // namespace

int64_t attention_forward_scratch(Isa isa, DType dtype, int64_t D) {
  const GemmKernels& kernels = gemm_kernels(isa, dtype);
  return Scratch(nullptr, kernels, HeadPacker(kernels, D), D).plan.floats();
}

void attention_forward_task(Isa isa, const AttentionFwd& args, int64_t first, int64_t query, int64_t count,
                            int64_t head, float* scratch) {
  ForwardTask task(isa, args, first, query, count, head, scratch);
  args.q.dtype == DType::bf16 ? task.run<bf16>() : task.run<float>();
}

}  // namespace flm::cpu
