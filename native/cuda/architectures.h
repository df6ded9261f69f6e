#pragma once
#include <charconv>
#include <string_view>

namespace flm::cuda {

// Whether code built for `architectures`, as CMAKE_CUDA_ARCHITECTURES lists them but with commas ("80-real",
// "90a-real", "100"), runs on a GPU of this compute capability. What the list does not say in numbers
// ("native") is taken for yes.
inline bool has_code_for(std::string_view architectures, int major, int minor) {
  while (!architectures.empty()) {
    const std::string_view entry = architectures.substr(0, architectures.find(','));
    architectures.remove_prefix(entry.size() + (entry.size() < architectures.size()));
    int number = 0;
    const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
    if (error != std::errc()) return true;
    const std::string_view kind = entry.substr(size_t(end - entry.data()));
    const bool same_major = major == number / 10, newer = major * 10 + minor >= number;
    // Machine code runs on later minor versions too, PTX is translated for everything later; what is
    // specific to an architecture ("a") or a family ("f") stays there.
    const bool only_here = kind.starts_with('a'), is_ptx = !kind.ends_with("-real");
    if (only_here ? major * 10 + minor == number
                  : newer && (same_major || (is_ptx && !kind.starts_with('f'))))
      return true;
  }
  return false;
}

}  // namespace flm::cuda
