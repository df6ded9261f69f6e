#include "comm/operation.h"

#include <sstream>

namespace flm {
namespace {

const char* name_of(Verb verb) {
  switch (verb) {
    case Verb::all_reduce:
      return "all_reduce";
    case Verb::all_gather:
      return "all_gather";
    case Verb::reduce_scatter:
      return "reduce_scatter";
    case Verb::broadcast:
      return "broadcast";
    case Verb::send:
      return "send";
    case Verb::recv:
      return "recv";
    case Verb::barrier:
      return "barrier";
    case Verb::split:
      return "split";
  }
  return "?";
}

}  // namespace

std::string describe(const Operation& operation) {
  std::ostringstream text;
  text << name_of(operation.verb) << " #" << operation.sequence;
  if (operation.verb == Verb::barrier || operation.verb == Verb::split) return text.str();
  text << " of " << operation.count << " " << name_of(operation.dtype) << " (" << operation.bytes()
       << " bytes";
  switch (operation.verb) {
    case Verb::all_reduce:
    case Verb::reduce_scatter:
      text << (operation.reduce == ReduceOp::max ? ", max" : ", sum");
      break;
    case Verb::broadcast:
    case Verb::recv:
      text << ", from " << operation.root;
      break;
    case Verb::send:
      text << ", to " << operation.root;
      break;
    default:
      break;
  }
  text << ")";
  return text.str();
}

}  // namespace flm
