// SPDX-License-Identifier: Apache-2.0
// Bus backend for a PCI device of this machine, on libpciaccess: a real card, or a card that a hypervisor passes to
// this guest. Poll mode: without VFIO there is no interrupt for user space. DMA addresses are physical ones, so the
// device must not sit behind a translating IOMMU. Where BAR 0 cannot be mapped it is read and written through its file,
// and memory that the device's folder announces is used for DMA: so it drives `weir-sim --sysfs`. Never tried on
// silicon.
#ifndef WEIR_BUS_PCIACCESS_H
#define WEIR_BUS_PCIACCESS_H

#include <stddef.h>

struct weir_bus;

// slot as lspci -D shows it: "0000:03:00.0". NULL with one line in err.
struct weir_bus *weir_pciaccess_open(const char *slot, char *err, size_t err_size);

#endif
