#pragma once
// One operation on its way, and the two ways in which a wait within it ends badly. The group that runs the
// operation turns these into an Error that names it.
#include <vector>

#include "comm/host/deadline.h"
#include "comm/operation.h"

namespace flm::host {

struct Call {
  Operation operation;
  Deadline deadline;
};

// The deadline passed; these ranks (of the world) have not come.
struct WaitTimeout {
  std::vector<int> missing;
};

// That rank (of the world) does something else.
struct Mismatch {
  int rank;
  Operation theirs;
};

}  // namespace flm::host
