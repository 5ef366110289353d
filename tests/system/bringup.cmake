# SPDX-License-Identifier: Apache-2.0
# Drivers that begin and end, and what they leave behind.
weir_system_test(bringup a_dead_drivers_memory_is_left_alone memory_is_free_when_the_card_lets_go records_of_a_state_are_the_cards
                 each_parents_ledger_balances a_lost_doorbell_is_rung_again)
target_sources(test_bringup PRIVATE bare_bus.c)
weir_system_test(reset_values a_vf_is_as_new the_pf_is_as_new the_driver_sees_a_reset)
