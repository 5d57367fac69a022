# One call per layer: every .cpp of the calling folder (and of the named ones) becomes one target.
#   trommel_layer(NAME [STATIC|INTERFACE] [FOLDERS f…] [PUBLIC lib…] [PRIVATE lib…])
# Include paths start at the root of the repository, so that each include line shows the layer.
add_library(trommel_flags INTERFACE)
target_compile_options(trommel_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wundef
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
    # Nobody replaces our functions when a program is loaded, so they may be inlined in their file.
    -fno-semantic-interposition
    # g++ 12 sees an overlap in the library's own string concatenation at -O3 (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>>)
if(TROMMEL_SANITIZE)
    add_compile_options(-fsanitize=${TROMMEL_SANITIZE} -fno-omit-frame-pointer
                        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${TROMMEL_SANITIZE})
endif()

function(trommel_layer name kind)
    cmake_parse_arguments(layer "" "" "FOLDERS;PUBLIC;PRIVATE" ${ARGN})
    if(kind STREQUAL "INTERFACE")
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${layer_PUBLIC})
        return()
    endif()
    set(sources)
    foreach(folder IN ITEMS . ${layer_FOLDERS})
        file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
        list(APPEND sources ${found})
    endforeach()
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${layer_PUBLIC} PRIVATE ${layer_PRIVATE}
                          $<BUILD_INTERFACE:trommel_flags>)
endfunction()
