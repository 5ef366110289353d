# SPDX-License-Identifier: Apache-2.0
# First use of the programs: their command lines, what weirctl can ask for, and the README as it is written.
weir_hosts_test(options every_option_says_what_is_wrong words_and_values_say_what_is_wrong long_folders_are_refused
                every_command_says_what_is_wrong errors_of_the_call_are_json_too every_program_says_what_it_is
                a_card_with_fewer_vfs_is_told_at_once)
target_link_libraries(test_options PRIVATE weir_ctl_client)
target_compile_definitions(test_options PRIVATE WEIR_DEMO_BINARY="$<TARGET_FILE:weir-demo>" WEIR_BENCH_BINARY="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/weir-bench"
                           WEIR_CORE_BINARY="$<TARGET_FILE:weir-core>")
add_dependencies(test_options weir-demo weir-core weir-bench)
weir_hosts_test(readme by_hand_runs_as_written devices_find_free_names)
target_compile_definitions(test_readme PRIVATE WEIR_README="${CMAKE_SOURCE_DIR}/README.md" WEIR_README_SH="${CMAKE_CURRENT_SOURCE_DIR}/readme.sh"
                           WEIR_PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
set_tests_properties(system.readme.by_hand_runs_as_written system.readme.devices_find_free_names PROPERTIES SKIP_RETURN_CODE 77)
weir_hosts_test(verbs every_command_works an_image_comes_back_as_it_went refusals_have_codes records_are_the_newest_with_their_date a_panic_is_shown_whole)
target_link_libraries(test_verbs PRIVATE weir_ctl_client)
target_compile_definitions(test_verbs PRIVATE WEIR_FIRMWARE_IMAGE="${WEIR_FIRMWARE}")
weir_hosts_test(give it_talks_to_all it_is_taken_in_mid_traffic a_client_may_come_again a_stranger_has_only_what_is_given its_policy_is_the_tables
                what_cannot_be_given_is_refused it_outlives_its_parent)
target_sources(test_give PRIVATE outside.c)
target_link_libraries(test_give PRIVATE weir_ctl_client)
weir_hosts_test(captures a_trace_says_who_where_when_and_why damaged_input_starts_nothing paths_are_from_where_the_user_stands)
target_link_libraries(test_captures PRIVATE weir_trace weir_sim_server)
