#include "core/shared_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace flm {
namespace {

namespace fs = std::filesystem;

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

std::vector<std::string> candidates(const SharedLibrary& library) {
  if (const char* chosen = std::getenv(library.variable.c_str())) return {chosen};
  std::vector<std::string> result = library.files;
  std::vector<fs::path> directories = wheel_directories();
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char* toolkit = std::getenv(variable)) directories.push_back(fs::path(toolkit) / "lib64");
  directories.push_back("/usr/local/cuda/lib64");
  for (const fs::path& directory : directories)
    for (const std::string& name : library.files)
      if (std::error_code missing; fs::exists(directory / name, missing))
        result.push_back((directory / name).string());
  return result;
}

}  // namespace

void* open_shared_library(const SharedLibrary& library) {
  std::string tried;
  for (const std::string& name : candidates(library)) {
    if (void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
    const char* reason = dlerror();
    tried += "\n  " + std::string(reason ? reason : name);
  }
  fail(ErrorCode::not_supported, "CUDA needs ", library.title, ", which was not found; ", library.remedy,
       ", or name the file in ", library.variable, ". Tried:", tried);
}

void* find_symbol(void* library, const std::string& title, const char* name) {
  void* symbol = dlsym(library, name);
  FLM_CHECK(symbol, ErrorCode::not_supported, "the ", title, " library has no function ", name);
  return symbol;
}

}  // namespace flm
