# SPDX-License-Identifier: Apache-2.0
# The live PCI tree of `weir-sim --sysfs`: stock tools, and the main job through the unmodified libpciaccess.
if(FUSE3_FOUND)
  add_test(NAME system.sysfs.lspci_and_setpci_work_live
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sysfs_tools.sh $<TARGET_FILE:weir-sim>)
  set_tests_properties(system.sysfs.lspci_and_setpci_work_live PROPERTIES LABELS system TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()
if(FUSE3_FOUND AND PCIACCESS_FOUND)
  add_executable(test_pci_kill test_pci_kill.c)
  target_link_libraries(test_pci_kill PRIVATE weir_test_hosts)
  add_test(NAME system.sysfs.killed_drivers_start_again COMMAND test_pci_kill)
  # The programs on PCI functions.
  weir_hosts_test(pci_hosts main_job_loses_nothing firmware_is_updated jumbo_frames_fit_huge_pages a_capture_plays_into_the_pf
                  bad_functions_are_one_line only_the_offered_vf_is_driven
                  killed_programs_start_again guests_survive_vfs_that_vanish a_pulled_card_ends_the_parent idle_programs_sleep)
  target_compile_definitions(test_pci_hosts PRIVATE WEIR_FIRMWARE_IMAGE="${WEIR_FIRMWARE}")
  foreach(case sysfs.killed_drivers_start_again pci_hosts.main_job_loses_nothing pci_hosts.firmware_is_updated pci_hosts.jumbo_frames_fit_huge_pages
          pci_hosts.a_capture_plays_into_the_pf pci_hosts.bad_functions_are_one_line
          pci_hosts.only_the_offered_vf_is_driven pci_hosts.killed_programs_start_again
          pci_hosts.guests_survive_vfs_that_vanish pci_hosts.a_pulled_card_ends_the_parent pci_hosts.idle_programs_sleep)
    set_tests_properties(system.${case} PROPERTIES LABELS system TIMEOUT 1200 SKIP_RETURN_CODE 77)
  endforeach()
endif()
# Doorbell-inline frames through both buses of programs.
weir_hosts_test(push_hosts vfio_user pciaccess)
target_sources(test_push_hosts PRIVATE torn_bus.c)
set_tests_properties(system.push_hosts.pciaccess PROPERTIES SKIP_RETURN_CODE 77)
# Resets on the whole card.
weir_system_test(flr vf_under_load_is_over_soon storm_is_over_soon link_down_and_up)
# The flash part, by the programmer's socket.
add_test(NAME system.flashrom.the_running_cards_flash_is_written
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/flashrom_card.sh $<TARGET_FILE:weir-sim> ${WEIR_FIRMWARE})
set_tests_properties(system.flashrom.the_running_cards_flash_is_written PROPERTIES LABELS system TIMEOUT 1200 SKIP_RETURN_CODE 77)
