// The weights are made again from the scores and lse. With P = exp(scale * q k' - lse) and o = P v:
//   dv = P' do    dP = do v'    dS = P * (dP - sum(do * o)) * scale    dq = dS k    dk = dS' q
// The scale is part of dP and of sum(do * o) from the beginning.
// Source: FlashAttention-2, arXiv 2307.08691, algorithm 2.
#include "cpu/attention_backward.h"

#include "cpu/attention_tile.h"

namespace flm::cpu {
namespace {

// Of a tile.
constexpr int64_t kQueries = 192, kKeys = 96;
static_assert(kQueries % kMaxTileCols == 0 && kKeys % 2 == 0 && kKeys <= kQueries);

struct Scratch {
  Scratch(float* base, const GemmKernels& kernels, const HeadPacker& packer, int64_t D, int64_t max_segment)
      : plan(base) {
    const int64_t row_tile = kQueries * packer.row_units();
    const int64_t panels = packer.row_panels() * packer.panel_floats(kQueries);
    const int64_t square = kQueries * kKeys;
    q_transposed = plan.take(row_tile);
    do_transposed = plan.take(row_tile);
    q_panels = plan.take(panels);
    do_panels = plan.take(panels);
    k_rows = plan.take(row_tile);
    v_rows = plan.take(row_tile);
    k_panels = plan.take(panels);
    scores = plan.take(square);
    dweights = plan.take(square);
    weights = dscores = dscores_by_key = nullptr;
    if (kernels.steps_per_unit == 1) {
      weights = scores;
      dscores = dscores_by_key = dweights;
    } else {
      weights = plan.take(square / 2);
      dscores = plan.take(square / 2);
      dscores_by_key = plan.take(square / 2);
    }
    lse = plan.take(kQueries);
    delta = plan.take(kQueries);
    ld = ceil_div(D, 16) * 16;
    dq = plan.take(kQueries * ld);
    dk = plan.take(max_segment * ld);
    dv = plan.take(max_segment * ld);
  }
  ScratchPlan plan;
  float *q_transposed, *do_transposed;  // panels over queries
  float *q_panels, *do_panels;          // panels over D
  float *k_rows, *v_rows;
  float* k_panels;           // panels over D
  float *scores, *dweights;  // (keys, queries)  f32; scores in units of ln 2, dweights times scale
  // Operands of the products over queries, units along queries; the memory of the above for f32.
  float *weights, *dscores;
  float* dscores_by_key;  // operand of the product over keys, units along keys
  float* lse;             // (queries)  in units of ln 2
  float* delta;           // (queries)  scale * sum(do * o)
  float *dq, *dk, *dv;    // (queries, ld), (segment, ld), (segment, ld)
  int64_t ld;
};

class BackwardTask {
 public:
  BackwardTask(Isa isa, const AttentionBwd& args, int64_t first, int64_t length, int64_t kv_head,
               float* scratch)
      : isa_(isa),
        args_(args),
        kernels_(gemm_kernels(isa, args.q.dtype)),
        packer_(kernels_, args.D),
        s_(scratch, kernels_, packer_, args.D, args.max_segment),
        first_(first),
        length_(length),
        kv_head_(kv_head) {}

  template <class T>
  void run() {
    std::fill_n(s_.dk, length_ * s_.ld, 0.0f);
    std::fill_n(s_.dv, length_ * s_.ld, 0.0f);
    const int64_t group = args_.H / args_.G;
    for (int64_t head = kv_head_ * group; head < (kv_head_ + 1) * group; ++head) {
      for (int64_t query = 0; query < length_; query += kQueries) run_queries<T>(head, query);
    }
    write<T>(args_.dk, s_.dk, kv_head_, 0, length_);
    write<T>(args_.dv, s_.dv, kv_head_, 0, length_);
  }

 private:
  HeadRows qkv_rows(In tensor, int64_t head) const {
    return {tensor.at(first_ * args_.qkv_stride + head * args_.D), args_.qkv_stride};
  }
  HeadRows o_rows(In tensor, int64_t head) const {
    return {tensor.at((first_ * args_.H + head) * args_.D), args_.H * args_.D};
  }

  template <class T>
  void run_queries(int64_t head, int64_t query) {
    const int64_t count = std::min(kQueries, length_ - query);
    const HeadRows q = qkv_rows(args_.q, head), dout = o_rows(args_.dout, head);
    const HeadRows k = qkv_rows(args_.k, kv_head_), v = qkv_rows(args_.v, kv_head_);
    packer_.pack_transposed(s_.q_transposed, q, query, count);
    packer_.pack_transposed(s_.do_transposed, dout, query, count);
    packer_.pack_panels(s_.q_panels, q, query, count);
    packer_.pack_panels(s_.do_panels, dout, query, count);
    make_delta<T>(dout, o_rows(args_.o, head), query, count);
    const float* lse = args_.lse.as<float>() + head * args_.N + first_ + query;
    for (int64_t j = 0; j < count; ++j) s_.lse[j] = float(kLog2E * lse[j]);
    for (int64_t key = 0; key < query + count; key += kKeys) {
      const int64_t keys = std::min(kKeys, query + count - key);
      packer_.copy_rows(s_.k_rows, k, key, keys);
      packer_.copy_rows(s_.v_rows, v, key, keys);
      packer_.pack_panels(s_.k_panels, k, key, keys);
      const int64_t lead = query - key;  // query j of the tile sees key i when i <= lead + j
      multiply_heads(s_.scores, s_.k_rows, s_.q_transposed, keys, count, lead, float(args_.scale * kLog2E));
      multiply_heads(s_.dweights, s_.v_rows, s_.do_transposed, keys, count, lead, float(args_.scale));
      run_for_isa(isa_, [&](int64_t, int64_t end) { make_operands(end, count, lead); }, 0, keys);
      add_to_keys(key, keys, count, lead);
      add_to_queries(key > 0, keys, count, lead);
    }
    write<T>(args_.dq, s_.dq, head, query, count);
  }

  template <class T>
  void make_delta(const HeadRows& dout, const HeadRows& o, int64_t query, int64_t count) {
    constexpr int64_t kLanes = 16;  // independent sums, for the vectoriser
    run_for_isa(
        isa_,
        [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const T* __restrict a = dout.row<T>(query + i);
            const T* __restrict b = o.row<T>(query + i);
            prefetch_row_after<0>(b, o.stride, args_.D);
            float lanes[kLanes] = {}, sum = 0;
            int64_t d = 0;
            for (; d + kLanes <= args_.D; d += kLanes) {
              for (int64_t lane = 0; lane < kLanes; ++lane) {
                lanes[lane] += load_float(a[d + lane]) * load_float(b[d + lane]);
              }
            }
            for (; d < args_.D; ++d) sum += load_float(a[d]) * load_float(b[d]);
            for (int64_t lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
            s_.delta[i] = float(args_.scale) * sum;
          }
        },
        0, count);
  }

  // to (keys, queries) = alpha * rows * columns over D, where queries see keys.
  void multiply_heads(float* to, const float* rows, const float* columns, int64_t keys, int64_t count,
                      int64_t lead, float alpha) const {
    for (int64_t j = 0; j < count; j += kernels_.nr) {
      const int64_t width = std::min<int64_t>(kernels_.nr, count - j),
                    seen = std::min(keys, lead + j + width);
      for (int64_t i = 0; i < seen; i += kernels_.mr) {
        const int64_t skip = packer_.skipped_columns(lead + j - i);
        kernels_.to_f32.of_rows(int(std::min<int64_t>(kernels_.mr, seen - i)), int(width - skip),
                                packer_.row_units(), rows + i * packer_.row_units(), packer_.row_units(),
                                columns + j * packer_.row_units() + skip,
                                {.c = to + i * kQueries + j + skip, .ldc = kQueries, .alpha = alpha});
      }
    }
  }

  // Scores and dweights to weights and dscores, zero where a query does not see a key.
  void make_operands(int64_t keys, int64_t count, int64_t lead) const {
    if (kernels_.steps_per_unit == 1) {
      for (int64_t i = 0; i < keys; ++i) make_row(i, count, lead);
    } else {
      for (int64_t i = 0; i + 1 < keys; i += 2) make_narrow_rows<true>(i, count, lead);
      if (keys % 2) make_narrow_rows<false>(keys - 1, count, lead);
    }
  }

  // Of the queries that do not see key i, register tiles read at most kMaxTileRows, in whole pairs.
  static int64_t first_read(int64_t i, int64_t lead) {
    return std::max<int64_t>(0, i - lead - kMaxTileRows) / 2 * 2;
  }
  // The queries that do not see key i.
  static int64_t hidden(int64_t i, int64_t count, int64_t lead) {
    return std::min(count, std::max<int64_t>(0, i - lead));
  }

  void make_row(int64_t i, int64_t count, int64_t lead) const {
    const float* __restrict lse = s_.lse;
    float* __restrict score = s_.scores + i * kQueries;
    float* __restrict dweight = s_.dweights + i * kQueries;
    const int64_t begin = hidden(i, count, lead);
    for (int64_t j = first_read(i, lead); j < begin; ++j) score[j] = dweight[j] = 0;
    for (int64_t j = begin; j < count; ++j) {
      const float weight = vec_exp2_bounded(score[j] - lse[j]);
      score[j] = weight;
      dweight[j] = weight * (dweight[j] - s_.delta[j]);
    }
  }

  // Keys i and, where paired, i + 1 at once, straight to bf16: along queries, and dscores also along keys.
  template <bool kPaired>
  void make_narrow_rows(int64_t i, int64_t count, int64_t lead) const {
    const float* __restrict score0 = s_.scores + i * kQueries;
    const float* __restrict score1 = score0 + kQueries;
    const float* __restrict dweight0 = s_.dweights + i * kQueries;
    const float* __restrict dweight1 = dweight0 + kQueries;
    uint16_t* __restrict weight_out0 = narrow_row(s_.weights, i);
    uint16_t* __restrict weight_out1 = narrow_row(s_.weights, i + 1);
    uint16_t* __restrict dscore_out0 = narrow_row(s_.dscores, i);
    uint16_t* __restrict dscore_out1 = narrow_row(s_.dscores, i + 1);
    float* __restrict pairs = s_.dscores_by_key + i / 2 * kQueries;
    const float* __restrict lse = s_.lse;
    const float* __restrict delta = s_.delta;
    const int64_t seen0 = hidden(i, count, lead), seen1 = hidden(i + 1, count, lead);
    const auto make = [&](int64_t j, bool sees1) {
      const float weight0 = vec_exp2_bounded(score0[j] - lse[j]);
      const float dscore0 = weight0 * (dweight0[j] - delta[j]);
      weight_out0[j] = uint16_t(rounded_bits(weight0) >> 16);
      dscore_out0[j] = uint16_t(rounded_bits(dscore0) >> 16);
      if constexpr (kPaired) {
        const float weight1 = sees1 ? vec_exp2_bounded(score1[j] - lse[j]) : 0.0f;
        const float dscore1 = sees1 ? weight1 * (dweight1[j] - delta[j]) : 0.0f;
        weight_out1[j] = uint16_t(rounded_bits(weight1) >> 16);
        dscore_out1[j] = uint16_t(rounded_bits(dscore1) >> 16);
        pairs[j] = unit_of(dscore0, dscore1);
      } else {
        pairs[j] = unit_of(dscore0, 0.0f);
      }
    };
    for (int64_t j = first_read(i, lead); j < seen0; ++j) {
      weight_out0[j] = dscore_out0[j] = 0;
      if constexpr (kPaired) weight_out1[j] = dscore_out1[j] = 0;
      pairs[j] = 0;
    }
    for (int64_t j = seen0; j < seen1; ++j) make(j, false);
#pragma GCC ivdep
    for (int64_t j = seen1; j < count; ++j) make(j, true);
    if (count % 2 == 0) return;
    // The last unit along queries is half filled.
    weight_out0[count] = dscore_out0[count] = 0;
    if constexpr (kPaired) weight_out1[count] = dscore_out1[count] = 0;
  }

  static uint16_t* narrow_row(float* operand, int64_t i) {
    return reinterpret_cast<uint16_t*>(operand + i * kQueries / 2);
  }

  // dv += P' do and dk += dS' q, for the keys of a tile.
  void add_to_keys(int64_t key, int64_t keys, int64_t count, int64_t lead) const {
    const int64_t stride = kQueries / kernels_.steps_per_unit;
    for (int64_t i = 0; i < keys; i += kernels_.mr) {
      const int rows = int(std::min<int64_t>(kernels_.mr, keys - i));
      const int64_t skip = std::max<int64_t>(0, i - lead) / 2 * 2;
      if (skip >= count) continue;
      const int64_t at = i * stride + skip / kernels_.steps_per_unit, row = (key + i) * s_.ld;
      packer_.multiply_panels(kernels_.to_f32.of_rows, rows, count - skip, s_.weights + at, stride,
                              s_.do_panels, count, skip, s_.dv + row, s_.ld, true);
      packer_.multiply_panels(kernels_.to_f32.of_rows, rows, count - skip, s_.dscores + at, stride,
                              s_.q_panels, count, skip, s_.dk + row, s_.ld, true);
    }
  }

  // dq = or += dS k, for the queries of a tile.
  void add_to_queries(bool again, int64_t keys, int64_t count, int64_t lead) const {
    for (int64_t j = 0; j < count; j += kernels_.mr) {
      const int rows = int(std::min<int64_t>(kernels_.mr, count - j));
      const int64_t steps = std::min(keys, lead + j + rows);
      if (steps <= 0) continue;
      packer_.multiply_panels(kernels_.to_f32.of_panel, rows, steps, s_.dscores_by_key + j, kQueries,
                              s_.k_panels, keys, 0, s_.dq + j * s_.ld, s_.ld, again);
    }
  }

  // Rows [begin, begin + count) of one head of a gradient, from sums.
  template <class T>
  void write(Out gradient, const float* sums, int64_t head, int64_t begin, int64_t count) const {
    T* to = gradient.as<T>() + (first_ + begin) * args_.qkv_stride + head * args_.D;
    run_for_isa(
        isa_,
        [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; ++i) {
            const float* __restrict from = sums + i * s_.ld;
            T* __restrict row = to + i * args_.qkv_stride;
            prefetch_row_after<1>(row, args_.qkv_stride, args_.D);
            for (int64_t d = 0; d < args_.D; ++d) row[d] = round_to<T>(from[d]);
          }
        },
        0, count);
  }

  const Isa isa_;
  const AttentionBwd& args_;
  const GemmKernels& kernels_;
  const HeadPacker packer_;
  const Scratch s_;
  const int64_t first_, length_, kv_head_;
};

}  // namespace

int64_t attention_backward_scratch(Isa isa, DType dtype, int64_t D, int64_t max_segment) {
  const GemmKernels& kernels = gemm_kernels(isa, dtype);
  return Scratch(nullptr, kernels, HeadPacker(kernels, D), D, max_segment).plan.floats();
}

void attention_backward_task(Isa isa, const AttentionBwd& args, int64_t first, int64_t length,
                             int64_t kv_head, float* scratch) {
  BackwardTask task(isa, args, first, length, kv_head, scratch);
  args.q.dtype == DType::bf16 ? task.run<bf16>() : task.run<float>();
}

}  // namespace flm::cpu
