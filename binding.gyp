# The CPU addon, built by node-gyp into build/Release/flm.node. The CUDA and NCCL rooms are their stub twins
# here; CMakeLists.txt builds the superset. Both read native/sources.json.
{
  "includes": ["native/sources.json"],
  "targets": [{
    "target_name": "flm",
    "sources": [
      "<@(core_sources)",
      "<@(cpu_sources)",
      "<@(text_sources)",
      "<@(data_sources)",
      "<@(comm_sources)",
      "<@(model_sources)",
      "<@(engine_sources)",
      "<@(bindings_sources)",
      "<@(cuda_stub_sources)"
    ],
    "include_dirs": [
      "native",
      "<!(node -p \"require('node-addon-api').include_dir\")",
      "<!(node -p \"require('path').relative('.', require('node-api-headers').include_dir)\")"
    ],
    "defines": ["FLM_ABI=<(abi)", "NAPI_VERSION=<(napi_version)", "NODE_ADDON_API_CPP_EXCEPTIONS"],
    # What node-gyp adds by itself goes: the list decides alone. So both builders give the compiler the same
    # arguments and share objects through ccache.
    "defines!": ["_LARGEFILE_SOURCE", "_FILE_OFFSET_BITS=64"],
    "cflags!": [
      "-pthread", "-Wall", "-Wextra", "-Wno-unused-parameter", "-m64", "-O3", "-fno-omit-frame-pointer", "-fno-exceptions"
    ],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["<@(cxx_flags)"],
    "libraries": ["-ldl", "-pthread"]
  }]
}
