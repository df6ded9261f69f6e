#pragma once
#include <vector>

#include "model/mesh.h"

namespace flm::test {

// One of each kind, and one of all together: what is affordable with a slow backend.
inline const std::vector<Mesh> kOneOfEach{{2, 1, 1, 1, false}, {2, 1, 1, 1, true},  {4, 1, 1, 1, true},
                                          {1, 2, 1, 1, false}, {1, 1, 2, 1, false}, {1, 1, 2, 2, false},
                                          {2, 2, 2, 1, true}};

// Shares of the one rank's values.
struct Tolerances {
  double gradient, loss, grad_norm, weight;
};

// The model split over each of these meshes computes the same gradients and takes the same steps as on one
// rank.
void equals_one_rank(const MakeBackend& backend, const EngineSpec& spec, const std::vector<Mesh>& all,
                     int steps, const Tolerances& tolerance, const RankSetup& setup = {});

}  // namespace flm::test
