# SPDX-License-Identifier: Apache-2.0
# The failover tests and what they and the demo share.
add_library(weir_failover STATIC failover_flow.c failover_world.c failover_planned.c failover_times.c)
target_include_directories(weir_failover PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(weir_failover PUBLIC weir_world weir_vstack weir_netvsc)
weir_system_test(failover planned_both_ways_loses_nothing planned_on_eight_queues planned_without_a_backlog planned_of_a_slow_guest
                 planned_of_a_slow_guest_on_eight_queues surprise_loses_only_what_the_ledger_says quick_when_idle quick_under_a_backlog neighbour_unaffected
                 guest_dies_in_mid_handover attach_refused_until_armed all_paths_reach_each_other
                 several_addresses_lose_nothing)
target_link_libraries(test_failover PRIVATE weir_failover)
# A1: 1,000 hand-overs each way.
add_test(NAME soak.failover.a1 COMMAND test_failover planned_both_ways_loses_nothing 7)
add_test(NAME soak.failover.a1_on_eight_queues COMMAND test_failover planned_on_eight_queues 7)
set_tests_properties(soak.failover.a1 soak.failover.a1_on_eight_queues PROPERTIES LABELS soak TIMEOUT 3600 ENVIRONMENT WEIR_SOAK=1000)
# Twins on both paths under one policy: 100,000 frames each way in the soak.
weir_system_test(paths every_frame_has_one_disposition_on_both tagged_frames_live_on_both further_addresses_move_along
                 a_rate_holds_on_both)
target_link_libraries(test_paths PRIVATE weir_failover)
weir_system_test(sizes one_limit_on_both_paths)
target_link_libraries(test_sizes PRIVATE weir_failover)
add_test(NAME soak.paths.one_disposition COMMAND test_paths every_frame_has_one_disposition_on_both 11)
set_tests_properties(soak.paths.one_disposition PROPERTIES LABELS soak TIMEOUT 3600 ENVIRONMENT WEIR_SOAK=100000)
# Panics of the card's cores; 1,000 in the soak.
weir_system_test(restart panics_lose_nothing hangs_lose_nothing the_synthetic_path_moves_meanwhile)
target_link_libraries(test_restart PRIVATE weir_failover)
add_test(NAME soak.restart.panics COMMAND test_restart panics_lose_nothing 13)
set_tests_properties(soak.restart.panics PROPERTIES LABELS soak TIMEOUT 3600 ENVIRONMENT WEIR_SOAK=1000)
add_test(NAME soak.restart.hangs COMMAND test_restart hangs_lose_nothing 13)
set_tests_properties(soak.restart.hangs PROPERTIES LABELS soak TIMEOUT 7200 ENVIRONMENT WEIR_SOAK=100)
foreach(seed RANGE 1 20)
  add_test(NAME soak.restart.seed_${seed} COMMAND test_restart panics_lose_nothing ${seed})
  set_tests_properties(soak.restart.seed_${seed} PROPERTIES LABELS soak TIMEOUT 3600)
endforeach()

# The update goes to and fro between the firmware and another build of it, whose code lies elsewhere.
set(boot ${CMAKE_SOURCE_DIR}/firmware/boot)
weir_core_program(core0_o1 LINKER ${boot}/core.ld CODE 49152 DATA 106496 INCLUDES ${CMAKE_SOURCE_DIR}/firmware ${boot} DEFINES -DWEIR_CORE=0 -O1
  SOURCES ${boot}/crt0.S ${WEIR_CORE0_SOURCES})
set(other ${CMAKE_CURRENT_BINARY_DIR}/firmware_o1.img)
add_custom_command(OUTPUT ${other}
  COMMAND weir-image make ${other} ${CMAKE_CURRENT_BINARY_DIR}/core0_o1.bin ${CMAKE_BINARY_DIR}/firmware/core1.bin --key development --image-version 7.7
  DEPENDS weir-image weir_firmware ${CMAKE_CURRENT_BINARY_DIR}/core0_o1.bin)
add_custom_target(weir_firmware_o1 ALL DEPENDS ${other})
weir_system_test(update updates_lose_nothing)
set_tests_properties(system.update.updates_lose_nothing PROPERTIES COST 1000) # among the longest: not last
add_dependencies(test_update weir_firmware_o1)
target_include_directories(test_update PRIVATE ${CMAKE_SOURCE_DIR}/firmware/boot)
target_link_libraries(test_update PRIVATE weir_failover)
target_compile_definitions(test_update PRIVATE WEIR_FIRMWARE_IMAGE="${WEIR_FIRMWARE}" WEIR_OTHER_IMAGE="${other}")
add_test(NAME soak.update.a_hundred COMMAND test_update updates_lose_nothing 7)
set_tests_properties(soak.update.a_hundred PROPERTIES LABELS soak TIMEOUT 7200 ENVIRONMENT WEIR_SOAK=100)

weir_system_test(rescue an_empty_card_takes_firmware_in lost_firmware_comes_back_under_traffic)
target_include_directories(test_rescue PRIVATE ${CMAKE_SOURCE_DIR}/firmware/boot)
target_link_libraries(test_rescue PRIVATE weir_failover)
target_compile_definitions(test_rescue PRIVATE WEIR_FIRMWARE_IMAGE="${WEIR_FIRMWARE}")

# More guests than VFs; 60 changes of load in the soak.
weir_system_test(scarce sixteen_guests_on_four_vfs)
target_link_libraries(test_scarce PRIVATE weir_failover)
add_test(NAME soak.scarce.sixteen_guests COMMAND test_scarce sixteen_guests_on_four_vfs 17)
set_tests_properties(soak.scarce.sixteen_guests PROPERTIES LABELS soak TIMEOUT 3600 ENVIRONMENT WEIR_SOAK=60)

# Power goes in updates between the same two builds; 20 times in the soak.
weir_system_test(cut power_goes_in_an_update)
add_dependencies(test_cut weir_firmware_o1)
target_include_directories(test_cut PRIVATE ${CMAKE_SOURCE_DIR}/firmware/boot)
target_compile_definitions(test_cut PRIVATE WEIR_FIRMWARE_IMAGE="${WEIR_FIRMWARE}" WEIR_OTHER_IMAGE="${other}")
add_test(NAME soak.cut.power_goes_20_times COMMAND test_cut power_goes_in_an_update 7)
set_tests_properties(soak.cut.power_goes_20_times PROPERTIES LABELS soak TIMEOUT 7200 ENVIRONMENT WEIR_SOAK=20)
