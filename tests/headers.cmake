# Every header compiles alone, and twice: one small source per header, part of the normal build.
option(TROMMEL_CHECK_HEADERS "Compile every header alone" ON)
if(NOT TROMMEL_CHECK_HEADERS)
    return()
endif()
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     ${PROJECT_SOURCE_DIR}/include/*.h ${PROJECT_SOURCE_DIR}/kernels/*.h
     ${PROJECT_SOURCE_DIR}/hostpath/*.h ${PROJECT_SOURCE_DIR}/net/*.h
     ${PROJECT_SOURCE_DIR}/tests/kit/*.h)
list(FILTER headers EXCLUDE REGEX "_pass\\.h$")  # Bodies, included once per instruction set.
set(header_sources "")
foreach(header IN LISTS headers)
    string(REGEX REPLACE "^include/" "" written ${header})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.cpp)
    file(CONFIGURE OUTPUT ${source}  # Leaves an unchanged file alone, so it is not compiled again.
         CONTENT "#include \"${written}\"\n#include \"${written}\"\n")
    list(APPEND header_sources ${source})
endforeach()
add_library(trommel_headers OBJECT ${header_sources})
target_link_libraries(trommel_headers PRIVATE trommel::trommel trommel_flags)
target_compile_options(trommel_headers PRIVATE -O0 -g0)
