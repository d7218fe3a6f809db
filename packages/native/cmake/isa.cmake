# Kernels of one instruction set: the same file names in every folder, compiled with that set's flags only.
# On another architecture the folders are left out and backends/cpu/dispatch.cpp sees the empty table of stub.cpp.
add_library(room_isa INTERFACE)
# Kernels live in registers. The sanitizers still watch what they read and write on the heap; watching every register
# that passes the stack makes GCC take many minutes a file.
set(kernel_options "")
if(TRIVIUM_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(kernel_options --param=asan-stack=0 -fno-sanitize-address-use-after-scope)
  set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/src/backends/cpu/generic/table.cpp
                              PROPERTIES COMPILE_OPTIONS "${kernel_options}")
  list(APPEND kernel_options -fno-sanitize=undefined)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  foreach(isa avx2 avx512)
    file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/backends/cpu/${isa}/*.cpp)
    if(isa_sources)
      add_library(room_${isa} OBJECT ${isa_sources})
      if(isa STREQUAL "avx2")
        target_compile_options(room_${isa} PRIVATE -mavx2 -mfma -mf16c)
      else()
        target_compile_options(room_${isa} PRIVATE -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -Wno-maybe-uninitialized)
      endif()
      target_compile_options(room_${isa} PRIVATE ${kernel_options})
      target_sources(room_isa INTERFACE $<TARGET_OBJECTS:room_${isa}>)
    endif()
  endforeach()
endif()
