# SPDX-License-Identifier: Apache-2.0
# Cross tools of the embedded cores and how a core's program is built: weir_core_program(<name> LINKER <script> [CODE <bytes>]
# [DATA <bytes>] SOURCES ...) makes <name>.elf and <name>.bin; CODE and DATA are budgets whose excess fails the link. Called
# from the host build, so that one build makes both sides.
find_program(RV32_CC riscv64-unknown-elf-gcc)
find_program(RV32_OBJCOPY riscv64-unknown-elf-objcopy)
find_program(RV32_NM riscv64-unknown-elf-nm)
find_program(RV32_SIZE riscv64-unknown-elf-size)
if(NOT RV32_CC)
  message(FATAL_ERROR "riscv64-unknown-elf-gcc is missing: install the package gcc-riscv64-unknown-elf, or run ./weir setup")
endif()
set(RV32_FLAGS -march=rv32imc_zicsr_zifencei -mabi=ilp32 -mcmodel=medany -ffreestanding -nostdlib -std=c11 -O2 -flto -g -ffunction-sections
    -fdata-sections -fno-jump-tables -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wvla CACHE INTERNAL "")

function(weir_core_program name)
  cmake_parse_arguments(P "" "LINKER;CODE;DATA" "SOURCES;INCLUDES;DEFINES;OBJECTS" ${ARGN})
  if(NOT P_CODE)
    set(P_CODE 65536)
  endif()
  if(NOT P_DATA)
    set(P_DATA 45056)
  endif()
  set(includes)
  foreach(dir ${P_INCLUDES} ${CMAKE_SOURCE_DIR}/rtl-model/abi)
    list(APPEND includes -I${dir})
  endforeach()
  set(objects)
  foreach(source ${P_SOURCES})
    file(RELATIVE_PATH rel ${CMAKE_CURRENT_SOURCE_DIR} ${source})
    string(REPLACE "/" "_" object ${rel})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.${object}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_C_COMPILER_LAUNCHER} ${RV32_CC} ${RV32_FLAGS} ${P_DEFINES} ${includes} -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} ${WEIR_ABI_FILES}
      DEPFILE ${object}.d
      COMMENT "RV32 ${name}: ${rel}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  list(APPEND objects ${P_OBJECTS})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name})
  set(keep_layout ${CMAKE_SOURCE_DIR}/firmware/boot/keep_layout.sh)
  add_custom_command(
    OUTPUT ${out}.elf ${out}.bin
    COMMAND ${keep_layout} ${RV32_NM} ${out}.elf ${RV32_CC} ${RV32_FLAGS} -Wl,--gc-sections -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments -Wl,-Map=${out}.map -Wl,--defsym=CODE_BUDGET=${P_CODE} -Wl,--defsym=DATA_BUDGET=${P_DATA} -T ${P_LINKER} ${objects} -lgcc
    COMMAND ${RV32_OBJCOPY} -O binary ${out}.elf ${out}.bin
    DEPENDS ${objects} ${P_LINKER} ${keep_layout}
    COMMENT "RV32 ${name}: link" VERBATIM)
endfunction()
