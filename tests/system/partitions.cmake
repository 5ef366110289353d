# SPDX-License-Identifier: Apache-2.0
# Parent and guests as processes: hostdrv/apps. weir_hosts_test(<unit> <case>...): a system test on hosts.c.
add_library(weir_test_hosts STATIC hosts.c simproc.c)
target_link_libraries(weir_test_hosts PUBLIC weir_world weir_apps weir_pci_sim)
target_compile_definitions(weir_test_hosts PUBLIC WEIR_SIM_BINARY="$<TARGET_FILE:weir-sim>" WEIR_HOST_BINARY="$<TARGET_FILE:weir-host>"
                           WEIR_GUEST_BINARY="$<TARGET_FILE:weir-guest>" WEIRCTL_BINARY="$<TARGET_FILE:weirctl>")
add_dependencies(weir_test_hosts weir-sim weir-host weir-guest weirctl)
function(weir_hosts_test unit)
  weir_system_test(${unit} ${ARGN})
  target_link_libraries(test_${unit} PRIVATE weir_test_hosts)
endfunction()
weir_hosts_test(partitions moves_between_processes_lose_nothing checksums_are_the_cards_on_both_paths guest_process_dies_in_mid_handover bad_input_is_one_line
                nonsense_disturbs_nobody idle_programs_use_under_two_percent)
set_tests_properties(system.partitions.idle_programs_use_under_two_percent PROPERTIES RUN_SERIAL TRUE)
weir_hosts_test(guests one_leaves_as_another_joins silent_clients_keep_nobody_out one_client_gets_one_turn an_unread_byte_ends_a_guest
                a_vf_goes_only_to_whom_it_is_offered hung_guests_are_removed jumbo_frames_cross_both_paths)
weir_hosts_test(admission the_table_decides the_table_outlives_the_parent other_users_need_the_table the_device_follows_the_parent nothing_raw_is_printed
                an_unbalanced_ledger_is_an_exit_status)
weir_hosts_test(ledger the_ends_drop_with_a_reason a_stopped_guest_is_accounted_for it_balances_under_traffic)
weir_hosts_test(policies every_drop_has_a_reason a_port_vlan_outlives_the_vf)
weir_hosts_test(storm_moves hand_overs_stay_planned)
target_sources(test_storm_moves PRIVATE storm_kinds.c)
target_link_libraries(test_storm_moves PRIVATE weir_sim_server)
# Two Linux kernels in user mode with VLAN interfaces; a program of its own, so it is in the soak.
add_test(NAME soak.vlan.kernels_talk_over_their_vfs COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/vlan_kernel.sh ${CMAKE_BINARY_DIR}/bin)
set_tests_properties(soak.vlan.kernels_talk_over_their_vfs PROPERTIES LABELS soak TIMEOUT 600 SKIP_RETURN_CODE 77)
weir_hosts_test(takeover vfs_forward_on_over_a_killed_parent vfs_forward_on_over_a_halted_parent a_parent_dies_in_every_state nobody_takes_anothers_vf
                a_vf_that_nobody_comes_for_is_taken_back a_fresh_parent_begins_anew)
weir_hosts_test(parents guests_outlive_a_killed_parent guests_outlive_a_halted_parent a_guest_waits_for_its_predecessor_to_leave
                who_is_sent_away_stays_away a_panic_of_the_card_is_one_line what_the_log_leaves_out_is_counted they_wait_for_each_other)
