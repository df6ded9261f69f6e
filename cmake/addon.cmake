# The Node addon: the rooms plus bindings/, as flm.node.
flm_source_lists(FLM_BINDINGS_SOURCES bindings)
add_library(flm SHARED ${FLM_BINDINGS_SOURCES} ${CMAKE_JS_SRC})
set_target_properties(flm PROPERTIES PREFIX "" SUFFIX ".node")
target_compile_definitions(flm PRIVATE NAPI_VERSION=${FLM_NAPI_VERSION} NODE_ADDON_API_CPP_EXCEPTIONS)
target_include_directories(flm SYSTEM PRIVATE ${CMAKE_JS_INC})
target_link_libraries(flm PRIVATE flm_rooms ${CMAKE_JS_LIB})
