# Makes page_assets.cpp of what a report is written with: the files of tools/pages/assets, and uPlot
# as tools/setup has fetched it. Without uPlot the program refuses reports that have curves.
set(uplot_version 1.6.32)  # tools/setup has the same.
set(TROMMEL_UPLOT ${PROJECT_SOURCE_DIR}/build/npm/node_modules/uplot CACHE PATH
    "The unpacked npm package uplot@${uplot_version}, for the curves of reports")

# Whatever the folder holds, only these very bytes go into our program.
set(uplot_files dist/uPlot.iife.min.js dist/uPlot.min.css LICENSE)
set(uplot_hashes
    19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f
    df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04
    8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd)
set(uplot_name "uPlot ${uplot_version}")
foreach(file hash IN ZIP_LISTS uplot_files uplot_hashes)
    set(path ${TROMMEL_UPLOT}/${file})
    set(found "")
    if(EXISTS ${path})
        file(SHA256 ${path} found)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    endif()
    if(NOT found STREQUAL hash)
        message(STATUS "trommel: ${path} is missing or not that of ${uplot_name}, which "
                       "tools/setup fetches where there is npm, so reports have no curves")
        set(uplot_name "")
        break()
    endif()
endforeach()

set(uplot_script "")
set(uplot_style "")
set(uplot_licence "")
if(uplot_name)
    file(READ ${TROMMEL_UPLOT}/dist/uPlot.iife.min.js uplot_script)
    file(READ ${TROMMEL_UPLOT}/dist/uPlot.min.css uplot_style)
    file(READ ${TROMMEL_UPLOT}/LICENSE uplot_licence)
endif()
set(page_folder ${PROJECT_SOURCE_DIR}/tools/pages/assets)
file(READ ${page_folder}/page.css page_style)
file(READ ${page_folder}/page.js page_script)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${page_folder}/page.css ${page_folder}/page.js)
configure_file(${page_folder}/assets.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/page_assets.cpp @ONLY)
target_sources(trommel_tools PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/page_assets.cpp)
