# SPDX-License-Identifier: Apache-2.0
# Ed25519 of libsodium 1.0.18 from Debian's source package (libsodium.sh fetches it): the few files that check a signature, for
# the boot ROM (RV32_ED25519_OBJECTS) and, the same code, for tests on the host (library weir_ed25519). Nothing of it is kept in this
# repository, and nothing is changed. The host's programs sign with the packaged library (libsodium-dev).
set(sodium_here ${CMAKE_CURRENT_LIST_DIR})
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../libsodium.sh OUTPUT_VARIABLE sodium_archive OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_VARIABLE sodium_why RESULT_VARIABLE sodium_status)
if(NOT sodium_status EQUAL 0)
  message(FATAL_ERROR "${sodium_why}")
endif()
set(sodium ${CMAKE_BINARY_DIR}/libsodium/libsodium-1.0.18/src/libsodium)
if(NOT EXISTS ${sodium}/crypto_sign/ed25519/ref10/open.c)
  file(ARCHIVE_EXTRACT INPUT ${sodium_archive} DESTINATION ${CMAKE_BINARY_DIR}/libsodium)
endif()
set(sodium_sources ${sodium}/crypto_sign/ed25519/ref10/open.c ${sodium}/crypto_sign/ed25519/ref10/sign.c
    ${sodium}/crypto_core/ed25519/ref10/ed25519_ref10.c ${sodium}/crypto_hash/sha512/cp/hash_sha512_cp.c
    ${sodium}/crypto_verify/sodium/verify.c ${sodium_here}/sodium_rest.c)
set(sodium_includes -I${sodium}/include/sodium -I${sodium}/include -I${sodium}/crypto_sign/ed25519/ref10)

# On the cores: -Os is both smaller and faster here than -O2 (docs/blocks/flash.md), and warnings are its authors' affair.
set(RV32_ED25519_OBJECTS)
string(REPLACE "-O2;-flto" "-Os" sodium_flags "${RV32_FLAGS}")
list(FILTER sodium_flags EXCLUDE REGEX "^-W")
foreach(source ${sodium_sources})
  get_filename_component(object ${source} NAME_WE)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/ed25519.${object}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_C_COMPILER_LAUNCHER} ${RV32_CC} ${sodium_flags} -w -DCONFIGURED=1 -I${sodium_here}/include -I${sodium_here}/../.. ${sodium_includes} -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d COMMENT "RV32 ed25519: ${source}" VERBATIM)
  list(APPEND RV32_ED25519_OBJECTS ${object})
endforeach()

# For what calls it there.
set(RV32_ED25519_INCLUDES ${sodium_here}/include ${sodium}/include)

# On the host, for tests: 25.5-bit limbs as on the cores, not the 51-bit ones that a compiler with 128-bit integers would get.
add_library(weir_ed25519 STATIC EXCLUDE_FROM_ALL ${sodium_sources})
target_compile_options(weir_ed25519 PRIVATE -w -DCONFIGURED=1 ${sodium_includes})
target_include_directories(weir_ed25519 INTERFACE ${sodium}/include)
