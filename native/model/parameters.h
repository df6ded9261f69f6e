#pragma once
// The list of a model's parameters in its one order, their places in flat buffers, and the views made of
// them.
#include <string>
#include <vector>

#include "model/shape.h"
#include "model/weights.h"

namespace flm {

struct Parameter {
  std::string name;
  int64_t rows, cols;  // [out, in]; vectors are [1, n]
  int64_t offset = 0;  // elements from the start of a flat buffer
  bool is_matrix = false;

  int64_t size() const { return rows * cols; }
};

struct ParameterLayout {
  std::vector<Parameter> parameters;
  int64_t total = 0;  // elements of a flat buffer, padding included

  // Throws Error(invalid_argument) for a name that the model does not have.
  const Parameter& find(const std::string& name) const;
};

// Tensors that are read as one matrix (q k v, gate up) lie next to each other; every other start is aligned.
ParameterLayout parameter_layout(const ModelShape& shape);

// Views into flat buffers of layout.total elements: `working` in the compute type for matrices, `master` in
// the stat type for vectors, `grad` in the stat type (null: nothing is trained).
StageWeights stage_weights(const ModelShape& shape, const ParameterLayout& layout, In working, In master,
                           Out grad);

}  // namespace flm
