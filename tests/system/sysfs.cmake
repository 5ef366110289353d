# SPDX-License-Identifier: Apache-2.0
# The live PCI tree of `weir-sim --sysfs`: stock tools, and the main job through the unmodified libpciaccess.
if(FUSE3_FOUND)
  add_test(NAME system.sysfs.lspci_and_setpci_work_live
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sysfs_tools.sh $<TARGET_FILE:weir-sim>)
  set_tests_properties(system.sysfs.lspci_and_setpci_work_live PROPERTIES LABELS system TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()
if(TARGET weir-demo-pci)
  add_test(NAME system.sysfs.main_job_through_libpciaccess COMMAND weir-demo-pci)
  set_tests_properties(system.sysfs.main_job_through_libpciaccess PROPERTIES LABELS system TIMEOUT 300 SKIP_RETURN_CODE 77)
  add_executable(test_pci_kill test_pci_kill.c)
  target_link_libraries(test_pci_kill PRIVATE weir_bus_pciaccess weir_pci_sim)
  add_dependencies(test_pci_kill weir-sim)
  add_test(NAME system.sysfs.killed_drivers_start_again COMMAND test_pci_kill)
  set_tests_properties(system.sysfs.killed_drivers_start_again PROPERTIES LABELS system TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
# Resets on the whole card.
weir_system_test(flr vf_under_load_is_over_soon storm_is_over_soon link_down_and_up)
