# Flags of every native target, carried by the interface library flm_flags.
flm_list(FLM_CXX_FLAGS cxx_flags)
flm_list(FLM_CUDA_FLAGS cuda_flags)

# The list holds the optimisation level; CMake's own "-O3 -DNDEBUG" would make the two builders differ.
set(CMAKE_CXX_FLAGS_RELEASE "")
set(CMAKE_CUDA_FLAGS_RELEASE "")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# As node-gyp asks for dependencies, so that ccache gives one builder the objects of the other.
set(CMAKE_DEPFILE_FLAGS_CXX "-MMD -MF <DEP_FILE>")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(flm_flags INTERFACE)
target_include_directories(flm_flags INTERFACE ${CMAKE_SOURCE_DIR}/native)
target_compile_definitions(flm_flags INTERFACE FLM_ABI=${FLM_ABI})
# The standard is given as a flag: CMake 3.25 knows no C++20 for CUDA, and CMAKE_CXX_STANDARD is inherited by it.
target_compile_options(flm_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${FLM_CXX_FLAGS}>" "$<$<COMPILE_LANGUAGE:CUDA>:${FLM_CUDA_FLAGS}>")
target_link_libraries(flm_flags INTERFACE Threads::Threads ${CMAKE_DL_LIBS})

# Each at the level where compiling and one run together cost least: UBSan's checks make -O2 slow to compile.
if(FLM_SANITIZE STREQUAL "address")
  set(FLM_SANITIZERS -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  set(FLM_SANITIZED_LEVEL -O1)
elseif(FLM_SANITIZE STREQUAL "thread")
  set(FLM_SANITIZERS -fsanitize=thread)
  set(FLM_SANITIZED_LEVEL -O2)
elseif(NOT FLM_SANITIZE STREQUAL "none")
  message(FATAL_ERROR "FLM_SANITIZE is \"${FLM_SANITIZE}\"; use none, address or thread")
endif()
if(FLM_SANITIZERS)
  target_compile_options(flm_flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:${FLM_SANITIZERS};${FLM_SANITIZED_LEVEL};-g1;-fno-omit-frame-pointer>")
  target_link_options(flm_flags INTERFACE ${FLM_SANITIZERS})
endif()
