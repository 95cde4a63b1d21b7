# The library for other programs: xplaim.h over the folders that it needs, as libxplaim.a and libxplaim.so.
include(GNUInstallDirs)
find_package(Threads REQUIRED)

set(objects "")
foreach(part xp_base xp_json xp_kernels xp_nn xp_ecg xp_measure xp_measure_words xp_plot xp_explain xp_report xp_draw_analysis)
  list(APPEND objects $<TARGET_OBJECTS:${part}>)
endforeach()

# xplaim.c, compiled once for both.
add_library(xp_public OBJECT xplaim.c)
target_compile_definitions(xp_public PRIVATE XP_VERSION="${PROJECT_VERSION}")

# What is hidden in the shared library would be visible in the static one, and could be another's
# name in a program that links it. So its objects are linked to one, where hidden names become local.
# Without the tools of binutils (on macOS, say) it holds the objects as they are.
set(static_objects $<TARGET_OBJECTS:xp_public> ${objects})
if(CMAKE_LINKER AND CMAKE_OBJCOPY AND CMAKE_EXECUTABLE_FORMAT STREQUAL "ELF")
  set(joined ${CMAKE_CURRENT_BINARY_DIR}/xplaim_joined.o)
  add_custom_command(OUTPUT ${joined}
    COMMAND ${CMAKE_LINKER} -r -o ${joined} ${static_objects}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${joined}
    DEPENDS xp_public ${static_objects} COMMAND_EXPAND_LISTS VERBATIM)
  set(static_objects ${joined})
endif()

add_library(xplaim_static STATIC ${static_objects})
add_library(xplaim_shared SHARED $<TARGET_OBJECTS:xp_public> ${objects})
set_target_properties(xplaim_static PROPERTIES LINKER_LANGUAGE C)
foreach(name static shared)
  target_link_libraries(xplaim_${name} PRIVATE cjson libdeflate zlib expat m Threads::Threads)
  set_target_properties(xplaim_${name} PROPERTIES OUTPUT_NAME xplaim VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR})
endforeach()

# The .pc file names folders by their place relative to its own, so that the tree may be moved.
file(RELATIVE_PATH XP_PC_INCLUDE /root/${CMAKE_INSTALL_LIBDIR}/pkgconfig
  /root/${CMAKE_INSTALL_INCLUDEDIR})
configure_file(xplaim.pc.in xplaim.pc @ONLY)
install(TARGETS xplaim_static xplaim_shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/xplaim
  RENAME copyright)
install(FILES xplaim.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/xplaim.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
