#pragma once
// Ranks that talk through the fake NCCL of comm/fake_nccl.
#include "comm/fake_nccl/fake_nccl.h"
#include "comm/nccl/library.h"
#include "host_group.h"

namespace flm::test {

// For the time of one test: NCCL is the fake one, and nothing goes wrong but what the test asks for.
class FakeNccl {
 public:
  FakeNccl();
  ~FakeNccl();
  fake_nccl::Faults& faults() { return *faults_; }
  int open_communicators() const;

  // Another library in its place, for the time of the object.
  static void replace(const std::string& path);
  // One that lacks functions.
  static std::string incomplete_library();

  std::shared_ptr<const nccl::Library> open() const { return std::make_shared<nccl::Library>(); }
  // Ranks on stream devices, with NCCL's communicator.
  RankSetup setup(double timeout_seconds = 30) const;

 private:
  fake_nccl::Faults* faults_;
  fake_nccl::CountFunction* count_;
};

}  // namespace flm::test
