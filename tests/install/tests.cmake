# Installs this build into its own folder, then builds and runs a consumer from there in both ways.
set(prefix ${PROJECT_BINARY_DIR}/installed)
set(flags "")
if(TROMMEL_SANITIZE)
    set(flags "-fsanitize=${TROMMEL_SANITIZE}")
endif()
add_test(NAME install COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
set_tests_properties(install PROPERTIES FIXTURES_SETUP installed)
foreach(how IN ITEMS find_package pkg_config)
    add_test(NAME install_${how}
             COMMAND ${CMAKE_CURRENT_LIST_DIR}/run ${how} ${PROJECT_BINARY_DIR}/consumer_${how}
                     ${prefix} ${CMAKE_CXX_COMPILER} "${flags}")
    set_tests_properties(install_${how} PROPERTIES FIXTURES_REQUIRED installed
                         PASS_REGULAR_EXPRESSION "counted 2 events" TIMEOUT 300)
endforeach()
