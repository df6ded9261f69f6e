#include "cuda/cublas_lt.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include "core/error.h"

namespace flm::cuda {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNames[] = {"libcublasLt.so.13", "libcublasLt.so.12"};

std::vector<fs::path> children(const fs::path& directory) {
  std::vector<fs::path> result;
  std::error_code unreadable;  // a directory that cannot be read has nothing for us
  for (fs::directory_iterator at(directory, unreadable), end; !unreadable && at != end;
       at.increment(unreadable))
    result.push_back(at->path());
  return result;
}

// Where Python environments may be: above each bin directory on PATH, and above each directory that a python3
// there links to, one link at a time, since an environment's own python3 is a link to another.
std::vector<fs::path> python_prefixes() {
  constexpr int kMostLinks = 8;
  std::vector<fs::path> result;
  const char* path = std::getenv("PATH");
  std::istringstream bins(path ? path : "");
  for (std::string bin; std::getline(bins, bin, ':');) {
    fs::path python = fs::path(bin) / "python3";
    result.push_back(python.parent_path().parent_path());
    std::error_code no_link;
    for (int link = 0; link < kMostLinks && fs::is_symlink(python, no_link); ++link) {
      python = python.parent_path() / fs::read_symlink(python, no_link);
      result.push_back(python.parent_path().parent_path());
    }
  }
  return result;
}

// NVIDIA's wheels: <prefix>/lib/python3.N/{site,dist}-packages/nvidia/<part>/lib.
std::vector<fs::path> wheel_directories() {
  std::vector<fs::path> result;
  for (const fs::path& prefix : python_prefixes())
    for (const fs::path& python : children(prefix / "lib")) {
      if (!python.filename().string().starts_with("python3")) continue;
      for (const char* packages : {"site-packages", "dist-packages"})
        for (const fs::path& part : children(python / packages / "nvidia")) result.push_back(part / "lib");
    }
  return result;
}

std::vector<std::string> candidates() {
  if (const char* chosen = std::getenv("FLM_CUBLASLT_LIB")) return {chosen};
  std::vector<std::string> result(std::begin(kNames), std::end(kNames));
  std::vector<fs::path> directories = wheel_directories();
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char* toolkit = std::getenv(variable)) directories.push_back(fs::path(toolkit) / "lib64");
  directories.push_back("/usr/local/cuda/lib64");
  for (const fs::path& directory : directories)
    for (const char* name : kNames)
      if (std::error_code missing; fs::exists(directory / name, missing))
        result.push_back((directory / name).string());
  return result;
}

void* open_library() {
  std::string tried;
  for (const std::string& name : candidates()) {
    if (void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    const char* reason = dlerror();
    tried += "\n  " + std::string(reason ? reason : name);
  }
  fail(ErrorCode::not_supported,
       "CUDA needs cuBLASLt (version 12 or 13), which was not found; install the CUDA toolkit or the Python "
       "package nvidia-cublas, or name the file in FLM_CUBLASLT_LIB. Tried:",
       tried);
}

template <class Function>
void resolve(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  FLM_CHECK(function, ErrorCode::not_supported, "the cuBLASLt library has no function ", name);
}

}  // namespace

void check(lt::Status status, const char* what) {
  FLM_CHECK(status == lt::kSuccess, ErrorCode::device_fault, "cuBLASLt: ", what, " gave status ",
            int(status));
}

CublasLt::CublasLt() {
  void* library = open_library();
#define FLM_RESOLVE(name) resolve(library, #name, functions_.name)
  FLM_RESOLVE(cublasLtGetVersion);
  FLM_RESOLVE(cublasLtCreate);
  FLM_RESOLVE(cublasLtDestroy);
  FLM_RESOLVE(cublasLtMatmulDescCreate);
  FLM_RESOLVE(cublasLtMatmulDescDestroy);
  FLM_RESOLVE(cublasLtMatmulDescSetAttribute);
  FLM_RESOLVE(cublasLtMatrixLayoutCreate);
  FLM_RESOLVE(cublasLtMatrixLayoutDestroy);
  FLM_RESOLVE(cublasLtMatmulPreferenceCreate);
  FLM_RESOLVE(cublasLtMatmulPreferenceDestroy);
  FLM_RESOLVE(cublasLtMatmulPreferenceSetAttribute);
  FLM_RESOLVE(cublasLtMatmulAlgoGetHeuristic);
  FLM_RESOLVE(cublasLtMatmul);
#undef FLM_RESOLVE
  const size_t version = functions_.cublasLtGetVersion();
  FLM_CHECK(version / 10000 == 12 || version / 10000 == 13, ErrorCode::not_supported,
            "cuBLASLt must be version 12 or 13; the one found says ", version);
  check(functions_.cublasLtCreate(&handle_), "cublasLtCreate");
}

// The library itself stays open: CUDA's own clean-up at exit may still call into it.
CublasLt::~CublasLt() { functions_.cublasLtDestroy(handle_); }

}  // namespace flm::cuda
