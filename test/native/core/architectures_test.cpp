#include "cuda/architectures.h"

#include "test.h"

namespace flm {

using cuda::has_code_for;

FLM_TEST(an_addon_has_code_for_the_gpus_of_its_list) {
  constexpr const char* kDefault = "80-real,90a-real,100";
  CHECK(has_code_for(kDefault, 8, 0));
  CHECK(has_code_for(kDefault, 8, 9));  // of the same generation
  CHECK(has_code_for(kDefault, 9, 0));
  CHECK(has_code_for(kDefault, 10, 3));
  CHECK(has_code_for(kDefault, 12, 0));  // translated from PTX
  CHECK(!has_code_for(kDefault, 7, 5));
  CHECK(!has_code_for("86-real", 8, 0));
  CHECK(has_code_for("80-virtual", 12, 0));
}

FLM_TEST(code_for_one_architecture_runs_on_no_other) {
  CHECK(has_code_for("90a-real", 9, 0));
  CHECK(!has_code_for("90a-real", 8, 0));
  CHECK(!has_code_for("90a", 10, 0));
  CHECK(has_code_for("100f", 10, 3));
  CHECK(!has_code_for("100f", 12, 0));
}

FLM_TEST(architectures_without_numbers_are_taken_on_trust) {
  CHECK(has_code_for("native", 8, 0));
  CHECK(has_code_for("all-major", 9, 0));
}

}  // namespace flm
