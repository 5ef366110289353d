// SPDX-License-Identifier: Apache-2.0
// Bus backend for a PCI device of this machine, on libpciaccess: a real card, or a card that a hypervisor passes to
// this guest. Poll mode: without VFIO there is no interrupt for user space. DMA addresses are physical ones, so the
// device must not sit behind a translating IOMMU, and whoever drives a function can reach all memory: parent and guests
// trust each other on this bus (ADR 0021). Where BAR 0 cannot be mapped it is read and written through its file, and
// memory that the device's folder announces is used for DMA: so it drives `weir-sim --sysfs`. Never tried on silicon.
#ifndef WEIR_BUS_PCIACCESS_H
#define WEIR_BUS_PCIACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_bus;

enum weir_pciaccess_kind { WEIR_PCIACCESS_PF, WEIR_PCIACCESS_VF };

// Longest area of DMA memory: a huge page.
#define WEIR_PCIACCESS_DMA_MAX 0x200000u

// slot as lspci -D shows it: "0000:03:00.0". NULL with one line in err and why in errno: EINVAL no address, ENODEV
// nothing there, ENXIO something else, EBUSY another driver has it, EACCES or EPERM a right is missing.
struct weir_bus *weir_pciaccess_open(const char *slot, enum weir_pciaccess_kind kind, char *err, size_t err_size);
// Whether the text is such an address.
bool weir_pciaccess_slot_ok(const char *slot);
// Address of VF number `vf` of an open PF, domain << 16 | bus << 8 | device << 3 | function, and as text. 0, or
// -ENODEV: it is not visible.
int weir_pciaccess_vf(struct weir_bus *pf, unsigned vf, uint32_t *address);
void weir_pciaccess_text(uint32_t address, char text[16]);

#endif
