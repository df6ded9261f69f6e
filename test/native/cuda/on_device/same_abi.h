#pragma once
// For comparing a function that is declared by hand with the one of a vendor's header.
#include <type_traits>

namespace flm::test {

// Arguments: the same number, and each as large and of the same kind (pointer or not).
template <class Ours, class Theirs>
struct SameAbi : std::false_type {};
template <class R, class... A, class S, class... B>
struct SameAbi<R (*)(A...), S (*)(B...)> {
  static constexpr bool value = [] {
    if constexpr (sizeof...(A) == sizeof...(B))
      return sizeof(R) == sizeof(S) &&
             ((sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B>) && ...);
    else
      return false;
  }();
};

}  // namespace flm::test
