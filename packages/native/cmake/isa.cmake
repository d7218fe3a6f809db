# Kernels of one instruction set: the same file names in every folder, compiled with that set's flags only.
# On another architecture a folder is left out, and backends/cpu/dispatch.cpp has an empty table for it.
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
set(isas "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(isas avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
  set(isas neon)
endif()
set(flags_of_avx2 -mavx2 -mfma -mf16c)
set(flags_of_avx512 ${flags_of_avx2} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -Wno-maybe-uninitialized)
# Dot products and nothing else of ARMv8.2, in the compilers' own words: zig knows no architectures, and GCC inlines the dots
# into nothing older.
set(flags_of_neon -mcpu=generic+dotprod)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(flags_of_neon -march=armv8.2-a+dotprod)
endif()
foreach(isa ${isas})
  file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/backends/cpu/${isa}/*.cpp)
  add_library(room_${isa} OBJECT ${isa_sources})
  target_compile_options(room_${isa} PRIVATE ${flags_of_${isa}} ${kernel_options})
  target_sources(room_isa INTERFACE $<TARGET_OBJECTS:room_${isa}>)
endforeach()
