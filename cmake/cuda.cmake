# Sets FLM_HAVE_CUDA and, with it, the interface library flm_cuda_toolkit.
set(FLM_HAVE_CUDA OFF)
if(FLM_CUDA STREQUAL "OFF")
  return()
endif()

include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  if(FLM_CUDA STREQUAL "ON")
    message(FATAL_ERROR "FLM_CUDA=ON, but there is no nvcc: put it on PATH or pass -DCMAKE_CUDA_COMPILER=/path/to/nvcc")
  endif()
  message(STATUS "flm: no nvcc found, building without CUDA")
  return()
endif()

enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
set(FLM_HAVE_CUDA ON)
message(STATUS "flm: CUDA ${CUDAToolkit_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}")

# What the addon has code for: it says so where a GPU is another one.
list(JOIN CMAKE_CUDA_ARCHITECTURES "," FLM_CUDA_ARCHITECTURES)
set_source_files_properties(${CMAKE_SOURCE_DIR}/native/cuda/cuda_backend.cpp PROPERTIES COMPILE_DEFINITIONS
  "FLM_CUDA_ARCHITECTURES=\"${FLM_CUDA_ARCHITECTURES}\"")

# cuBLASLt and NCCL are opened at run time, so nothing of CUDA is linked but the static runtime.
add_library(flm_cuda_toolkit INTERFACE)
target_include_directories(flm_cuda_toolkit SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(flm_cuda_toolkit INTERFACE CUDA::cudart_static)
