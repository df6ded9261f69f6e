#pragma once
#include "core/backend.h"

namespace flm::oracle {

// The op table in double precision, written as plain loops: what every other backend is compared with, and
// a way to run whole models in double. Floating-point tensors must be f64 (cast reads and writes any type);
// it packs no weights and needs no workspace.
Backend make_backend();

}  // namespace flm::oracle
