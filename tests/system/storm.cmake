# SPDX-License-Identifier: Apache-2.0
# The simulator's server inside the test, one hostile client beside two quiet ones.
add_library(weir_storm STATIC storm.c storm_kinds.c)
target_include_directories(weir_storm PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(weir_storm PUBLIC weir_world weir_sim_server)
weir_system_test(storm reads_of_4_kib reads_of_one_byte writes_of_4_kib doorbells writes_of_the_msi_x_table mailbox resets
                 function_level_resets reads_of_configuration_space writes_of_configuration_space memory_maps_and_unmaps
                 vectors_on_and_off connections silent_connections)
target_link_libraries(test_storm PRIVATE weir_storm)
