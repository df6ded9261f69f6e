# The native test and bench programs: the same rooms, no Node.
flm_source_lists(FLM_TEST_SOURCES test)
add_executable(flm_native_test ${FLM_TEST_SOURCES})
target_include_directories(flm_native_test PRIVATE ${CMAKE_SOURCE_DIR}/test/native)
# Absolute, so that the program finds test/fixtures/ wherever it is started.
target_compile_definitions(flm_native_test PRIVATE FLM_TEST_DIR="${CMAKE_SOURCE_DIR}/test")
target_link_libraries(flm_native_test PRIVATE flm_rooms)
# Libraries that the NCCL communicator opens in place of NCCL.
set(FLM_FAKE_NCCL_DIR ${CMAKE_SOURCE_DIR}/test/native/comm/fake_nccl)
add_library(flm_fake_nccl MODULE ${FLM_FAKE_NCCL_DIR}/clique.cpp ${FLM_FAKE_NCCL_DIR}/exports.cpp)
add_library(flm_incomplete_nccl MODULE ${FLM_FAKE_NCCL_DIR}/incomplete.cpp)
target_link_libraries(flm_fake_nccl PRIVATE flm_flags)
target_link_libraries(flm_incomplete_nccl PRIVATE flm_flags)
add_dependencies(flm_native_test flm_fake_nccl flm_incomplete_nccl)
set_source_files_properties(${CMAKE_SOURCE_DIR}/test/native/comm/nccl_group.cpp PROPERTIES COMPILE_DEFINITIONS
  "FLM_FAKE_NCCL=\"$<TARGET_FILE:flm_fake_nccl>\";FLM_INCOMPLETE_NCCL=\"$<TARGET_FILE:flm_incomplete_nccl>\"")
# Cases run once: less time to compile them is time won. What they call often, harness and oracle, stays optimised.
set(FLM_CASE_SOURCES ${FLM_TEST_SOURCES})
list(FILTER FLM_CASE_SOURCES INCLUDE REGEX "_test\\.cpp$")
set_source_files_properties(${FLM_CASE_SOURCES} PROPERTIES COMPILE_OPTIONS -O1)
if(FLM_SANITIZE STREQUAL "thread")
  # The reference of most tests, plain loops on one thread: no race to find, and most of the accesses to watch.
  set(FLM_ORACLE_SOURCES ${FLM_TEST_SOURCES})
  list(FILTER FLM_ORACLE_SOURCES INCLUDE REGEX "/test/native/oracle/")
  set_source_files_properties(${FLM_ORACLE_SOURCES} PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread)
endif()
if(FLM_HAVE_CUDA)
  flm_source_lists(FLM_CUDA_TEST_SOURCES cuda_test)
  target_sources(flm_native_test PRIVATE ${FLM_CUDA_TEST_SOURCES})
  # The device's versions of headers that test/native/emulation/ has for itself.
  target_include_directories(flm_native_test PRIVATE ${CMAKE_SOURCE_DIR}/test/native/cuda/on_device)
endif()

flm_source_lists(FLM_BENCH_SOURCES bench)
if(FLM_BENCH_SOURCES)
  add_executable(flm_native_bench ${FLM_BENCH_SOURCES})
  target_include_directories(flm_native_bench PRIVATE ${CMAKE_SOURCE_DIR}/bench/native)
  target_link_libraries(flm_native_bench PRIVATE flm_rooms)
endif()

add_executable(flm_comm_bench ${CMAKE_SOURCE_DIR}/bench/comm/comm_bench.cpp)
target_link_libraries(flm_comm_bench PRIVATE flm_rooms)

foreach(FLM_BENCH step/step_bench gpu/op_bench)
  get_filename_component(FLM_BENCH_NAME ${FLM_BENCH} NAME)
  add_executable(flm_${FLM_BENCH_NAME} ${CMAKE_SOURCE_DIR}/bench/${FLM_BENCH}.cpp ${CMAKE_SOURCE_DIR}/bench/step/job.cpp)
  target_link_libraries(flm_${FLM_BENCH_NAME} PRIVATE flm_rooms)
endforeach()
target_sources(flm_step_bench PRIVATE ${CMAKE_SOURCE_DIR}/bench/step/step_trace.cpp)

add_executable(flm_adamw_bench ${CMAKE_SOURCE_DIR}/bench/step/adamw_bench.cpp)
target_link_libraries(flm_adamw_bench PRIVATE flm_rooms)

add_executable(flm_gather_bench ${CMAKE_SOURCE_DIR}/bench/loader/gather_bench.cpp)
target_link_libraries(flm_gather_bench PRIVATE flm_rooms)

add_executable(flm_read_bandwidth ${CMAKE_SOURCE_DIR}/bench/generate/read_bandwidth.cpp)
target_link_libraries(flm_read_bandwidth PRIVATE flm_rooms)
