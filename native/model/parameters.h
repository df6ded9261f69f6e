#pragma once
// The list of a model's parameters in its one order, their places in flat buffers, and the views made of
// them.
#include <optional>
#include <string>
#include <vector>

#include "core/box.h"
#include "model/shard.h"
#include "model/weights.h"

namespace flm {

// Why a tensor-parallel rank has only a part of the gradient of something that it holds whole: its queries
// alone used a shared key/value group; its rows of the sequence alone passed a norm.
enum class PartialGradient { none, kv_group, sequence };

struct Parameter {
  std::string name;
  int64_t rows, cols;  // of the whole tensor, [out, in]; vectors are [1, n]
  Box box;             // what this rank holds of it
  bool is_matrix = false;
  int64_t replicas = 1;  // tensor-parallel ranks that hold this same box
  int64_t replica = 0;   // which of them this rank is
  PartialGradient partial = PartialGradient::none;
  int64_t offset = 0;  // elements from the start of the matrices' or the vectors' buffer
  int64_t bucket = 0;  // of a matrix: index into ParameterLayout::buckets

  int64_t size() const { return box.size(); }
};

// What this rank holds. Matrices and vectors (norms, biases) lie in a flat buffer each: the matrices'
// optimizer state is split over the data-parallel ranks, a bucket at a time; the few vectors are kept whole
// on all.
struct ParameterLayout {
  std::vector<Parameter> parameters;
  std::vector<Range> buckets;          // of the matrices' buffer: the embeddings, each block, the head
  std::vector<int64_t> block_buckets;  // index of each block's bucket
  std::optional<int64_t> head_bucket;  // of an untied head
  int64_t matrix_total = 0, vector_total = 0;
  int64_t data_size = 1;  // every bucket is cut into so many equal slices

  // The elements of a matrix that a data-parallel rank owns, counted from the matrix's first, and where they
  // lie in that rank's buffer of owned elements (matrix_total / data_size).
  struct Owned {
    Range elements;
    int64_t offset;
  };
  Owned owned(const Parameter& matrix, int64_t data_rank) const;

  // Throws Error(invalid_argument) for a name that this rank does not hold.
  const Parameter& find(const std::string& name) const;
};

// Tensors that are read as one matrix (q k v, gate up) lie next to each other; every other start is aligned.
ParameterLayout parameter_layout(const ModelShape& shape, const Shard& shard, int64_t data_size = 1);

struct Int8Layout;

// Views into flat buffers: `matrices` in the compute type or as masters (see Weight), `vectors` in the stat
// type, gradients of both in the stat type (null: nothing is trained). With `int8` the matrices of products
// are where that layout says.
struct ParameterBuffers {
  In matrices, vectors;
  Out matrix_grads, vector_grads;
  const Int8Layout* int8 = nullptr;
  In int8_values = {}, int8_scales = {};
};
StageWeights stage_weights(const ModelShape& shape, const Shard& shard, const ParameterLayout& layout,
                           const ParameterBuffers& buffers);

}  // namespace flm
