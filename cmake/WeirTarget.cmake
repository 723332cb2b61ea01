# How every target of the project is built: warnings are errors, floating point is never contracted
# (results must not depend on the compiler), sanitizers by WEIR_SANITIZE.

add_library(weir_build_settings INTERFACE)
target_compile_options(weir_build_settings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
  -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla
  -Wdouble-promotion -Wwrite-strings -Wswitch-enum
  -ffp-contract=off -fno-fast-math)
target_compile_definitions(weir_build_settings INTERFACE _XOPEN_SOURCE=700)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
  # snprintf is used because it truncates; whether gcc notices depends on the optimisation level
  target_compile_options(weir_build_settings INTERFACE -Wno-format-truncation)
endif()
if(WEIR_SANITIZE)
  target_compile_options(weir_build_settings INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all $<$<CONFIG:Debug>:-O1>)
  target_link_options(weir_build_settings INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()

# weir_library(NAME SOURCES... LINK public targets... PRIVATE private targets...)
# A room of the house. It may call only what LINK and PRIVATE name.
function(weir_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE;INCLUDE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${ARG_INCLUDE})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE} weir_build_settings)
endfunction()

# weir_find_library(NAME header library): for libraries that bring neither a CMake nor a pkg-config file.
function(weir_find_library name header library)
  find_path(${name}_INCLUDE_DIR ${header} REQUIRED)
  find_library(${name}_LIBRARY ${library} REQUIRED)
  add_library(weir_external_${name} INTERFACE)
  target_include_directories(weir_external_${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
  target_link_libraries(weir_external_${name} INTERFACE ${${name}_LIBRARY})
endfunction()

# weir_embed_texts(VARIABLE folder pattern prefix header): a C file, made when building, that holds the
# files of this room's folder (or of one given by its whole path) as texts; its path goes into VARIABLE,
# for the SOURCES of a library.
function(weir_embed_texts variable folder pattern prefix header)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${prefix}.c)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed_texts.cmake)
  get_filename_component(folder ${folder} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB files CONFIGURE_DEPENDS ${folder}/${pattern})
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DPATTERN=${pattern}
            -DPREFIX=${prefix} -DHEADER=${header} -DOUTPUT=${output} -P ${script}
    DEPENDS ${script} ${files} VERBATIM)
  set(${variable} ${output} PARENT_SCOPE)
endfunction()
