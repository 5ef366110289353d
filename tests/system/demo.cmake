# SPDX-License-Identifier: Apache-2.0
# The demo's story without TAP devices, what it writes, and what it leaves behind when it is given up.
set(demo_dir ${CMAKE_CURRENT_BINARY_DIR}/demo)
file(MAKE_DIRECTORY ${demo_dir}/live ${demo_dir}/pci)
add_test(NAME system.demo.story_loses_nothing COMMAND weir-demo --builtin --out ${demo_dir})
find_package(PkgConfig REQUIRED)
pkg_check_modules(JSONC REQUIRED IMPORTED_TARGET json-c)
add_executable(test_schema test_schema.c)
target_link_libraries(test_schema PRIVATE weir_options PkgConfig::JSONC)
add_test(NAME system.demo.json_is_as_its_schema_says
         COMMAND test_schema ${CMAKE_SOURCE_DIR}/sim/demo/demo.schema.json ${demo_dir}/demo.json)
# With root and namespaces the kernels' traffic, else the same story once more.
add_test(NAME system.demo.kernels_lose_nothing COMMAND weir-demo --seconds 1 --capture-mb 0 --out ${demo_dir}/live)
add_test(NAME system.demo.json_of_kernels_is_as_its_schema_says
         COMMAND test_schema ${CMAKE_SOURCE_DIR}/sim/demo/demo.schema.json ${demo_dir}/live/demo.json)
add_test(NAME system.demo.a_hung_up_demo_leaves_nothing
         COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/demo_hangup.sh $<TARGET_FILE:weir-demo> ${demo_dir}/hangup)
set_tests_properties(system.demo.story_loses_nothing system.demo.json_is_as_its_schema_says system.demo.kernels_lose_nothing
                     system.demo.json_of_kernels_is_as_its_schema_says
                     system.demo.a_hung_up_demo_leaves_nothing PROPERTIES LABELS system TIMEOUT 600)
set_tests_properties(system.demo.story_loses_nothing PROPERTIES FIXTURES_SETUP demo_json)
set_tests_properties(system.demo.json_is_as_its_schema_says PROPERTIES FIXTURES_REQUIRED demo_json)
set_tests_properties(system.demo.a_hung_up_demo_leaves_nothing PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(system.demo.kernels_lose_nothing PROPERTIES FIXTURES_SETUP demo_live_json)
set_tests_properties(system.demo.json_of_kernels_is_as_its_schema_says PROPERTIES FIXTURES_REQUIRED demo_live_json)
# What the promise says of a machine that has no time.
add_test(NAME soak.demo.beside_busy_loops
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/demo_loaded.sh $<TARGET_FILE:weir-demo> ${demo_dir}/loaded)
set_tests_properties(soak.demo.beside_busy_loops PROPERTIES LABELS soak TIMEOUT 14400)
# The script itself, with a build that only counts; and that test seen failing.
add_test(NAME system.script.builds_when_due COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/script.sh ${CMAKE_SOURCE_DIR}/weir)
set_tests_properties(system.script.builds_when_due PROPERTIES LABELS system TIMEOUT 600)
# The same through libpciaccess on the live PCI tree.
if(FUSE3_FOUND AND PCIACCESS_FOUND)
  add_test(NAME system.sysfs.main_job_through_libpciaccess
           COMMAND weir-demo --bus pciaccess --seconds 1 --capture-mb 0 --out ${demo_dir}/pci)
  add_test(NAME system.sysfs.json_of_the_main_job_is_as_its_schema_says
           COMMAND sh -c "[ -e $1 ] || exit 77; exec $0 ${CMAKE_SOURCE_DIR}/sim/demo/demo.schema.json $1"
                   $<TARGET_FILE:test_schema> ${demo_dir}/pci/demo.json)
  add_test(NAME system.sysfs.a_hung_up_demo_leaves_nothing
           COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/demo_hangup.sh $<TARGET_FILE:weir-demo> ${demo_dir}/pci_hangup --bus pciaccess)
  set_tests_properties(system.sysfs.main_job_through_libpciaccess system.sysfs.json_of_the_main_job_is_as_its_schema_says
                       system.sysfs.a_hung_up_demo_leaves_nothing PROPERTIES LABELS system TIMEOUT 1800 SKIP_RETURN_CODE 77)
  set_tests_properties(system.sysfs.main_job_through_libpciaccess PROPERTIES FIXTURES_SETUP demo_pci_json)
  set_tests_properties(system.sysfs.json_of_the_main_job_is_as_its_schema_says PROPERTIES FIXTURES_REQUIRED demo_pci_json)
endif()
