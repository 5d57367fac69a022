# What a GPU engine and its build promise, as far as it can be tested without a GPU.

# The program that compares two engines' answers, which goes along to machines with a GPU. Here it
# compares the CPU's engine with itself in three shards.
add_library(gpu_verify_parts STATIC ${CMAKE_CURRENT_LIST_DIR}/verify_answer.cpp
            ${CMAKE_CURRENT_LIST_DIR}/verify_job.cpp ${CMAKE_CURRENT_LIST_DIR}/verify_source.cpp
            ${PROJECT_SOURCE_DIR}/bench/kit/answer_digest.cpp
            ${PROJECT_SOURCE_DIR}/bench/kit/engine_side.cpp)
target_link_libraries(gpu_verify_parts PUBLIC trommel_hostpath PRIVATE trommel_flags)
add_executable(gpu_verify ${CMAKE_CURRENT_LIST_DIR}/verify.cpp)
target_link_libraries(gpu_verify PRIVATE gpu_verify_parts trommel_flags)
add_test(NAME gpu_verify_of_cpus COMMAND gpu_verify cpu cpu:3 --events 60000 --batch 5000)
set_tests_properties(gpu_verify_of_cpus PROPERTIES TIMEOUT 600
                     PASS_REGULAR_EXPRESSION "20 of 20 jobs gave the same answers")
add_test(NAME gpu_verify_with_gpu COMMAND gpu_verify cpu gpu --events 1000000)
set_tests_properties(gpu_verify_with_gpu PROPERTIES LABELS gpu TIMEOUT 600
                     SKIP_REGULAR_EXPRESSION "gpu_verify: engine.type: ")
trommel_test(gpu_verify_test gpu 600 gpu_verify_parts)

# What goes along to a machine with a GPU is all that is built there.
add_test(NAME gpu_suite_packs_all_that_it_builds
         COMMAND ${PROJECT_SOURCE_DIR}/bench/gpu_suite pack ${PROJECT_BINARY_DIR}/gpu_suite_packed)
set_tests_properties(gpu_suite_packs_all_that_it_builds PROPERTIES TIMEOUT 300)

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
