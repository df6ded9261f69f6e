# Reading native/sources.json.
file(READ ${CMAKE_CURRENT_LIST_DIR}/../native/sources.json FLM_SOURCES_JSON)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS native/sources.json)

# flm_list(OUT key): the JSON list under that key.
function(flm_list out key)
  string(JSON count LENGTH "${FLM_SOURCES_JSON}" variables ${key})
  set(values "")
  if(count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
      string(JSON value GET "${FLM_SOURCES_JSON}" variables ${key} ${i})
      list(APPEND values "${value}")
    endforeach()
  endif()
  set(${out} "${values}" PARENT_SCOPE)
endfunction()

# flm_source_lists(OUT core cpu ...): the files of several lists, as absolute paths.
function(flm_source_lists out)
  set(files "")
  foreach(name ${ARGN})
    flm_list(part ${name}_sources)
    list(TRANSFORM part PREPEND ${CMAKE_SOURCE_DIR}/)
    list(APPEND files ${part})
  endforeach()
  set(${out} "${files}" PARENT_SCOPE)
endfunction()

string(JSON FLM_ABI GET "${FLM_SOURCES_JSON}" variables abi)
string(JSON FLM_NAPI_VERSION GET "${FLM_SOURCES_JSON}" variables napi_version)
