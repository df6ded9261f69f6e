#pragma once
// A libnccl.so.2 for tests without a GPU: ranks are threads of one process, device memory is the host's, and
// a stream is what the test says it is. Built as a library of its own, because the communicator opens NCCL as
// one.
#include <functional>

namespace flm::fake_nccl {

// What a stream handle points to; null stands for a stream whose work is done when the call returns.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual void enqueue(std::function<void()> job) = 0;
};

// What goes wrong from now on, and what has gone wrong.
struct Faults {
  int version = 22703;
  bool never_connects = false;  // a new communicator stays in progress
  int failing_rank = -1;        // this rank of each communicator meets a remote error
  int working_operations = 0;   // after so many
  int aborts = 0;               // of communicators
};

// Exported as flm_fake_nccl_faults and flm_fake_nccl_open_communicators.
using FaultsFunction = Faults*();
using CountFunction = int();

}  // namespace flm::fake_nccl
