# SPDX-License-Identifier: Apache-2.0
# Tests of weir-sim as a process of its own, reached through hostdrv/bus/vfio_user.c.
weir_system_test(sockets frames_between_pf_and_vf second_client_is_refused second_simulator_is_refused
                 dead_client_leaves_the_rest_running dead_pf_can_be_replaced client_that_shrinks_its_memory_disturbs_nobody
                 client_that_talks_nonsense_is_dropped memory_announcements_are_checked missing_firmware_is_one_line
                 files_that_cannot_be_are_one_line dead_server_is_a_vanished_function invisible_vf_reads_all_ones
                 function_level_reset_keeps_vectors memory_decode_is_off_after_a_reset wire_to_pcap_and_trace wire_waits_for_a_late_driver wire_to_tap wire_to_another_card
                 a_bell_that_blocks_stops_nobody a_close_that_waits_stops_nobody one_client_cannot_map_for_all silence_keeps_nobody_out
                 only_those_allowed_come_in files_of_the_user_survive_every_option the_cable_can_be_pulled
                 idle_card_uses_under_two_percent)
target_sources(test_sockets PRIVATE simproc.c sockets.c sockets_hostile.c sockets_neighbour.c sockets_wire.c)
target_link_libraries(test_sockets PRIVATE weir_bus_vfio_user weir_vfu)
target_compile_definitions(test_sockets PRIVATE WEIR_SIM_BINARY="$<TARGET_FILE:weir-sim>")
add_dependencies(test_sockets weir-sim)
set_tests_properties(system.sockets.wire_to_tap system.sockets.only_those_allowed_come_in PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(system.sockets.idle_card_uses_under_two_percent PROPERTIES RUN_SERIAL TRUE)
