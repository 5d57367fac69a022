# What `cmake --install` puts where, so that find_package(trommel) and `pkg-config trommel` work.
# All libraries are static; their private dependencies are found again by trommelConfig.cmake.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(trommel_static_libraries trommel_hostpath trommel_cpu trommel_cuda trommel_net)
set(trommel_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/trommel)
set(trommel_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

target_compile_features(trommel_api INTERFACE cxx_std_20)  # A consumer's default may be older.
install(TARGETS trommel trommel_api trommel_rules ${trommel_static_libraries}
        EXPORT trommelTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET trommel_program)
    install(TARGETS trommel_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/trommel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN *.h)
install(EXPORT trommelTargets NAMESPACE trommel:: DESTINATION ${trommel_cmake_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/trommel)

# Which optional packages the libraries were built with: the consumer needs the same ones.
# Each is: name in the link list, package for find_package or none, name for pkg-config.
set(trommel_packages "")
set(trommel_modules "")
set(trommel_pc_requires "libxxhash")
get_target_property(trommel_net_links trommel_net LINK_LIBRARIES)
macro(trommel_optional target package pc_name)
    if("${target}" IN_LIST trommel_net_links)
        if("${package}" STREQUAL "")
            string(REPLACE "PkgConfig::" "" trommel_name "${target}")
            list(APPEND trommel_modules "${trommel_name}:${pc_name}")
        else()
            list(APPEND trommel_packages ${package})
        endif()
        string(APPEND trommel_pc_requires " ${pc_name}")
    endif()
endmacro()
trommel_optional(simdjson::simdjson simdjson simdjson)
trommel_optional(ZLIB::ZLIB ZLIB zlib)
trommel_optional(PkgConfig::zstd "" libzstd)
trommel_optional(PkgConfig::liburing "" liburing)
trommel_optional(PkgConfig::libcrypto "" libcrypto)


# The device code's runtime is linked into the program as well. pkg-config gets the file itself.
set(trommel_cuda_root "")
set(trommel_pc_cuda "")
if(TROMMEL_HAVE_CUDA)
    get_target_property(trommel_cudart CUDA::cudart_static IMPORTED_LOCATION)
    get_filename_component(trommel_cuda_root ${CMAKE_CUDA_COMPILER_TOOLKIT_ROOT} ABSOLUTE)
    set(trommel_pc_cuda " ${trommel_cudart} -lrt -ldl")
endif()

# Each layer finds xxHash by itself, under its own name; the consumer finds it under all of them.
set(trommel_xxhash_names "")
foreach(library IN LISTS trommel_static_libraries)
    get_target_property(links ${library} LINK_LIBRARIES)
    list(FILTER links INCLUDE REGEX "^PkgConfig::.*xxhash$")
    list(TRANSFORM links REPLACE "^PkgConfig::" "")
    list(APPEND trommel_xxhash_names ${links})
endforeach()

configure_package_config_file(tools/cmake/trommelConfig.cmake.in trommelConfig.cmake
                              INSTALL_DESTINATION ${trommel_cmake_dir})
write_basic_package_version_file(trommelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/trommelConfig.cmake
              ${PROJECT_BINARY_DIR}/trommelConfigVersion.cmake DESTINATION ${trommel_cmake_dir})

# The .pc file finds its prefix from its own place, so that an installed tree may be moved.
file(RELATIVE_PATH trommel_pc_prefix /${trommel_pc_dir} /)
string(REGEX REPLACE "/$" "" trommel_pc_prefix ${trommel_pc_prefix})
configure_file(tools/cmake/trommel.pc.in trommel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/trommel.pc DESTINATION ${trommel_pc_dir})
