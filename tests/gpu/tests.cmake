# What a GPU build promises and can be tested without a GPU.
if(NOT TROMMEL_HAVE_CUDA)
    return()
endif()

# No kernel spills: the flags of every .cu file make it an error, as this one shows.
add_library(cuda_spills OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/spills.cu)
target_link_libraries(cuda_spills PRIVATE trommel_cuda_flags)
add_test(NAME cuda_spills_do_not_compile
         COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target cuda_spills)
set_tests_properties(cuda_spills_do_not_compile PROPERTIES LABELS nvcc RUN_SERIAL ON TIMEOUT 300
                     PASS_REGULAR_EXPRESSION "Registers are spilled")

# What a real GPU must do, in programs that need nothing but CUDA and the engine.
foreach(check IN ITEMS cuda_device_check cuda_windows_check)
    add_executable(${check} ${CMAKE_CURRENT_LIST_DIR}/../kernels/cuda/${check}.cu)
    target_link_libraries(${check} PRIVATE trommel_cuda trommel_cuda_flags CUDA::cudart_static)
    add_test(NAME ${check} COMMAND ${check})
    set_tests_properties(${check} PROPERTIES LABELS gpu SKIP_RETURN_CODE 77 TIMEOUT 120)
endforeach()
