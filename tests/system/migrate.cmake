# SPDX-License-Identifier: Apache-2.0
# Live migration between two hosts: 200 in the soak.
weir_system_test(migrate back_and_forth_loses_nothing any_step_may_be_given_up a_refusal_stops_nothing any_state_may_come)
target_include_directories(test_migrate PRIVATE ${CMAKE_SOURCE_DIR}/hostdrv/vstack)
target_sources(test_migrate PRIVATE migrate_world.c)
target_link_libraries(test_migrate PRIVATE weir_failover)
add_test(NAME soak.migrate.two_hundred COMMAND test_migrate back_and_forth_loses_nothing 7)
set_tests_properties(soak.migrate.two_hundred PROPERTIES LABELS soak TIMEOUT 3600 ENVIRONMENT WEIR_SOAK=200)
weir_system_test(checker planted_faults_are_seen)
target_link_libraries(test_checker PRIVATE weir_failover)
