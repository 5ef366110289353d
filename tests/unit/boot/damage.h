// SPDX-License-Identifier: Apache-2.0
// Each reason to refuse an image, brought about.
#ifndef DAMAGE_H
#define DAMAGE_H

#include "image_file.h"

#define DAMAGE_BODY_0 520u // bytes that the good image's bodies have to have
#define DAMAGE_BODY_1 260u

// The smallest change to a good image, or to the card's rules, that has it refused for this reason; IMAGE_READ needs a
// flash that does not answer, so nothing is changed.
void damage(struct image_file *image, struct image_rules *rules, enum image_refusal why);

#endif
