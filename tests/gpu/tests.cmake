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
