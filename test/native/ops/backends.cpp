#include "ops/backends.h"

#include <map>

#include "oracle/oracle.h"

namespace flm::test {
namespace {

struct Entry {
  BackendFactory factory;
  bool by_default;
};

std::map<std::string, Entry>& registry() {
  static std::map<std::string, Entry> entries{{"oracle", {[](int) { return oracle::make_backend(); }, true}}};
  return entries;
}

}  // namespace

bool add_backend(const std::string& name, BackendFactory factory, bool by_default) {
  return registry().emplace(name, Entry{factory, by_default}).second;
}

Backend make_test_backend(const std::string& name, int threads) {
  const auto found = registry().find(name);
  if (found != registry().end()) return found->second.factory(threads);
  std::string known;
  for (const auto& [other, entry] : registry()) known += (known.empty() ? "" : ", ") + other;
  fail(ErrorCode::invalid_argument, "--backend ", name, " is not in this program; it has: ", known);
}

std::vector<std::string> default_backends() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : registry())
    if (entry.by_default) names.push_back(name);
  return names;
}

}  // namespace flm::test
