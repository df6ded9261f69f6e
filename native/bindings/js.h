#pragma once
// The one include of <napi.h>. During the teardown of an environment JavaScript can no longer be run; without
// this switch the wrapper would end the process where such a call fails.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
