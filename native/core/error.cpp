#include "core/error.h"

namespace flm {

const char* code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "INVALID_ARGUMENT";
    case ErrorCode::not_supported:
      return "NOT_SUPPORTED";
    case ErrorCode::out_of_memory:
      return "OUT_OF_MEMORY";
    case ErrorCode::device_fault:
      return "DEVICE_FAULT";
    case ErrorCode::comm_timeout:
      return "COMM_TIMEOUT";
    case ErrorCode::comm_peer_lost:
      return "COMM_PEER_LOST";
    case ErrorCode::comm_mismatch:
      return "COMM_MISMATCH";
    case ErrorCode::io:
      return "IO";
    case ErrorCode::data_invalid:
      return "DATA_INVALID";
    case ErrorCode::checkpoint_invalid:
      return "CHECKPOINT_INVALID";
    case ErrorCode::cancelled:
      return "CANCELLED";
    case ErrorCode::engine_poisoned:
      return "ENGINE_POISONED";
    case ErrorCode::internal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

}  // namespace flm
