// SPDX-License-Identifier: Apache-2.0
// Restarts that nobody asked for, counted in shared RAM: three of one core within 60 s are a crash loop. The boot ROM
// asks at each start of core 0, and may start another image for it; core 0 counts for core 1, which the ROM does not
// see restart.
#ifndef HAL_CRASH_H
#define HAL_CRASH_H

#include <stdbool.h>

// The ROM, once at each start of core 0. True: the image that ran is in a crash loop; counting begins anew then.
bool hal_crash_begin(void);
// A core crashed now. True as above.
bool hal_crash_note(unsigned core);
// Another image runs: what the one before it did is not its fault.
void hal_crash_renew(void);
// Core 0 ends itself, to be started anew by the ROM; no crash. Ends the calling program, but for a watchdog that does
// not come: then it returns after 6,400 cycles.
void hal_crash_restart(void);

#endif
