// SPDX-License-Identifier: Apache-2.0
// Reasons of refusals in words, for the host's programs.
#include <stddef.h>

#include "image_check.h"

static const char *const names[IMAGE_REFUSALS] = {
    [IMAGE_GOOD] = "GOOD",
#define REFUSAL(value, name, text) [IMAGE_##name] = #name,
#define REFUSAL_CORE(value0, value1, name, text)                                                                       \
    [IMAGE_CORE0_##name] = "CORE0_" #name, [IMAGE_CORE1_##name] = "CORE1_" #name,
#include "manifest.def"
};
static const char *const texts[IMAGE_REFUSALS] = {
    [IMAGE_GOOD] = "it is good",
#define REFUSAL(value, name, text) [IMAGE_##name] = (text),
#define REFUSAL_CORE(value0, value1, name, text)                                                                       \
    [IMAGE_CORE0_##name] = text " (core 0)", [IMAGE_CORE1_##name] = text " (core 1)",
#include "manifest.def"
};

const char *image_refusal_name(enum image_refusal why) {
    return (unsigned)why < IMAGE_REFUSALS && names[why] != NULL ? names[why] : "UNKNOWN";
}

const char *image_refusal_text(enum image_refusal why) {
    return (unsigned)why < IMAGE_REFUSALS && texts[why] != NULL ? texts[why]
                                                                : "a reason that this program does not know";
}
