#include "model/int8_layout.h"

#include "core/int8_block.h"

namespace flm {

bool is_table(const Parameter& parameter) {
  return parameter.name == "embedding.weight" || parameter.name == "position.weight";
}

Int8Layout int8_layout(const ModelShape& shape, const Shard& shard, const ParameterLayout& layout) {
  Int8Layout int8;
  const auto add = [&](const Parameter& p, int64_t values) {
    int8.places[p.name] = {values, int8.scales_total};
    int8.scales_total += p.box.row_count * scale_blocks(p.box.col_count);
  };
  // The tables' bucket is the first; what is joined in the layout stays so.
  int8.tables_total = layout.buckets.at(size_t(layout.block_buckets.at(0))).begin;
  for (const Parameter& p : layout.parameters)
    if (p.is_matrix && !is_table(p)) add(p, p.offset - int8.tables_total);
  int8.values_total = layout.matrix_total - int8.tables_total;
  if (shard.is_last && shape.tie_embeddings) {
    const Parameter& tied = layout.find("embedding.weight");
    add(tied, int8.values_total);
    int8.values_total += tied.size();
  }
  return int8;
}

}  // namespace flm
