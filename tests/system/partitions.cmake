# SPDX-License-Identifier: Apache-2.0
# Parent and guests as processes: hostdrv/apps.
weir_system_test(partitions moves_between_processes_lose_nothing checksums_are_the_cards_on_both_paths guest_process_dies_in_mid_handover bad_input_is_one_line
                 nonsense_disturbs_nobody idle_programs_use_under_two_percent)
target_sources(test_partitions PRIVATE simproc.c)
target_link_libraries(test_partitions PRIVATE weir_apps)
target_compile_definitions(test_partitions PRIVATE WEIR_SIM_BINARY="$<TARGET_FILE:weir-sim>" WEIR_HOST_BINARY="$<TARGET_FILE:weir-host>"
                           WEIR_GUEST_BINARY="$<TARGET_FILE:weir-guest>" WEIRCTL_BINARY="$<TARGET_FILE:weirctl>")
add_dependencies(test_partitions weir-sim weir-host weir-guest weirctl)
set_tests_properties(system.partitions.idle_programs_use_under_two_percent PROPERTIES RUN_SERIAL TRUE)
