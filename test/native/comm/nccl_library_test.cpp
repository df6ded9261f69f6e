#include "comm/expect_error.h"
#include "nccl_group.h"
#include "test.h"

namespace flm::test {
namespace {

Error error_of_opening() {
  return error_of([] { nccl::Library(); });
}

FLM_TEST(nccl_library_tells_its_version) {
  FakeNccl fake;
  CHECK_EQ(nccl::version_text(fake.open()->version()), std::string("2.27.3"));
  fake.faults().version = 21805;
  CHECK_EQ(nccl::version_text(fake.open()->version()), std::string("2.18.5"));
}

FLM_TEST(nccl_library_that_is_too_old_is_refused) {
  FakeNccl fake;
  fake.faults().version = 21703;
  check_text(error_of_opening(), ErrorCode::not_supported, {"2.17.3", "2.18.0 or newer", "FLM_NCCL_LIB"});
}

FLM_TEST(nccl_library_without_a_function_is_refused) {
  FakeNccl fake;
  FakeNccl::replace(FakeNccl::incomplete_library());
  check_text(error_of_opening(), ErrorCode::not_supported, {"NCCL library has no function ncclGetUniqueId"});
}

FLM_TEST(nccl_library_that_is_missing_is_named) {
  FakeNccl fake;
  FakeNccl::replace("/nowhere/libnccl.so.2");
  check_text(error_of_opening(), ErrorCode::not_supported,
             {"needs NCCL", "nvidia-nccl-cu13", "FLM_NCCL_LIB", "/nowhere/libnccl.so.2"});
}

}  // namespace
}  // namespace flm::test
