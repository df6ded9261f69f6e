#pragma once
#include <string>
#include <unordered_map>

#include "model/parameters.h"

namespace flm {

// Where the matrices that products read lie while they are held in int8 (see Matmul): behind one another in a
// buffer of values and one of scales. The tables, of which single rows are read, keep the compute type. A
// tied embedding is both: the head reads an int8 copy of it.
struct Int8Layout {
  struct Place {
    int64_t values, scales;  // elements from the start of either buffer
  };
  std::unordered_map<std::string, Place> places;  // by the parameter's name
  int64_t tables_total = 0;  // elements of ParameterLayout's matrices that the tables take
  int64_t values_total = 0, scales_total = 0;
};

Int8Layout int8_layout(const ModelShape& shape, const Shard& shard, const ParameterLayout& layout);

// Whether a matrix is a table of embeddings.
bool is_table(const Parameter& parameter);

}  // namespace flm
