# Looks for a CUDA toolkit. With one, TROMMEL_HAVE_CUDA is true and kernels/cuda is compiled for
# every architecture below; without one it is a stub of the same functions, which say so.
#
#   TROMMEL_CUDA=AUTO   with a toolkit if there is one; never under a sanitizer, which sees nothing
#                       of a device and disturbs its driver
#   TROMMEL_CUDA=ON     an error without one
#   TROMMEL_CUDA=OFF    not even looked for
set(TROMMEL_CUDA AUTO CACHE STRING "Compile the GPU engine: AUTO, ON or OFF")
set_property(CACHE TROMMEL_CUDA PROPERTY STRINGS AUTO ON OFF)
set(TROMMEL_CUDA_ARCHITECTURES 80-real 90 CACHE STRING
    "GPUs to compile for: A100 and later; what is newer than the last is compiled when it starts")
set(TROMMEL_HAVE_CUDA OFF)
if(NOT TROMMEL_CUDA OR (TROMMEL_CUDA STREQUAL "AUTO" AND TROMMEL_SANITIZE))
    return()
endif()

# CMake looks in $CUDACXX and $PATH; toolkits are often in neither.
if(NOT DEFINED CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(trommel_nvcc nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin
                 PATHS /usr/local/cuda/bin NO_CACHE)
    if(trommel_nvcc)
        set(ENV{CUDACXX} ${trommel_nvcc})
    endif()
endif()
# Host code in .cu files is compiled by the compiler of all other code.
if(NOT DEFINED CMAKE_CUDA_HOST_COMPILER AND NOT DEFINED ENV{CUDAHOSTCXX})
    set(ENV{CUDAHOSTCXX} ${CMAKE_CXX_COMPILER})
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES ${TROMMEL_CUDA_ARCHITECTURES})
endif()
include(CheckLanguage)
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    find_package(CUDAToolkit 12.0)
endif()
if(CUDAToolkit_FOUND)
    set(TROMMEL_HAVE_CUDA ON)
    message(STATUS "trommel: GPU code by ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA_COMPILER_VERSION} "
                   "for ${CMAKE_CUDA_ARCHITECTURES}")
elseif(TROMMEL_CUDA STREQUAL "AUTO")
    message(STATUS "trommel: no CUDA toolkit from 12.0 on here, so there is no GPU engine")
else()
    message(FATAL_ERROR "trommel: TROMMEL_CUDA is ${TROMMEL_CUDA}, and there is no CUDA toolkit "
                        "from 12.0 on; set CUDACXX or CUDA_HOME to where it is")
endif()
if(NOT TROMMEL_HAVE_CUDA)
    return()
endif()

# nvcc compiles C++20 from 12.0 on, which CMake knows from 3.26 on.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    list(APPEND CMAKE_CUDA_COMPILE_FEATURES cuda_std_20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)  # So that a program starts where there is no CUDA.
if(CMAKE_CXX_COMPILER_LAUNCHER AND NOT DEFINED CMAKE_CUDA_COMPILER_LAUNCHER)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
# Inline functions must be the same in .cu and .cpp files.
string(TOUPPER "${CMAKE_BUILD_TYPE}" trommel_build_type)
if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${trommel_build_type}}" MATCHES "-DTROMMEL_DEBUG")
    add_compile_definitions($<$<COMPILE_LANGUAGE:CUDA>:TROMMEL_DEBUG>)
endif()

# All warnings are errors: nvcc's own, those of the host's compiler, and that registers spill. What
# nvcc itself writes for the host has old-style casts and foreign line directives.
add_library(trommel_cuda_flags INTERFACE)
target_compile_options(trommel_cuda_flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:
    -Werror=all-warnings
    -Xcompiler=-Wall,-Wextra,-Wshadow,-Wconversion,-Wsign-conversion,-Wimplicit-fallthrough,-Werror
    -Xptxas=--warn-on-spills,--warning-as-error
    $<$<CXX_COMPILER_ID:GNU>:-Xcompiler=-Wno-restrict,-Wno-parentheses>>)  # The first as in
                           # trommel_flags; nvcc writes (T::*member) where we wrote T::*member.
