// SPDX-License-Identifier: Apache-2.0
// Beats of the card's taps to whole frames: a copy is told when its disposition is known, in order; void frames and
// fences are nobody's frames.
#include "unit.h"
#include "watch.h"

static struct {
    bool to_vport;
    unsigned vport, reason;
    size_t len;
    uint64_t cycle;
    uint8_t first, last;
} told[64];
static unsigned n;

static void on_frame(void *ctx, const struct card_frame *t) {
    (void)ctx;
    assert_true(n < 64);
    told[n].to_vport = t->to_vport;
    told[n].vport = t->vport;
    told[n].reason = t->reason;
    told[n].len = t->len;
    told[n].cycle = t->cycle;
    told[n].first = t->data[0];
    told[n].last = t->data[t->len - 1];
    n++;
}

enum { VALID = 1, SOP = 2, EOP = 4, MARK = 8 };

static uint32_t meta(unsigned flags, unsigned vport, unsigned len) {
    return flags | VALID | vport << 8 | len << 16;
}

static const uint32_t *beat(uint8_t fill) {
    static uint32_t data[2][16]; // one call may need two
    static unsigned turn;
    turn ^= 1;
    memset(data[turn], fill, sizeof(data[turn]));
    return data[turn];
}

static void disposition(struct watch *t, uint64_t cycle, unsigned reason) {
    watch_beat(t, cycle, 0, beat(0), 0, beat(0), VALID | reason << 8);
}

static void sent_frames_are_told_at_their_end(void **state) {
    struct watch *t = watch_new(on_frame, NULL);
    (void)state;
    n = 0;
    watch_beat(t, 1, meta(SOP, 3, 130), beat(1), 0, beat(0), 0);
    watch_beat(t, 2, meta(0, 3, 130), beat(2), 0, beat(0), 0);
    assert_int_equal(n, 0);
    watch_beat(t, 4, meta(EOP, 3, 130), beat(3), 0, beat(0), 0);
    assert_int_equal(n, 1);
    assert_true(!told[0].to_vport && told[0].vport == 3 && told[0].len == 130 && told[0].cycle == 4);
    assert_true(told[0].first == 1 && told[0].last == 3);
    watch_beat(t, 5, meta(SOP | EOP | MARK, 3, 60), beat(9), 0, beat(0), 0); // void: it never was
    assert_int_equal(n, 1);
    watch_free(t);
}

static void copies_wait_for_their_disposition_in_order(void **state) {
    struct watch *t = watch_new(on_frame, NULL);
    (void)state;
    n = 0;
    watch_beat(t, 1, 0, beat(0), meta(SOP | EOP, 1, 60), beat(1), 0);
    watch_beat(t, 2, 0, beat(0), meta(SOP | EOP | MARK, 1, 0), beat(0), 0); // a fence
    watch_beat(t, 3, 0, beat(0), meta(SOP, 2, 65), beat(2), 0);
    watch_beat(t, 4, 0, beat(0), meta(EOP, 2, 65), beat(3), 0);
    assert_int_equal(n, 0);
    disposition(t, 10, 0);
    disposition(t, 11, 0);
    disposition(t, 12, 7);
    disposition(t, 13, 0); // of a copy that went before anybody looked
    assert_int_equal(n, 2);
    assert_true(told[0].to_vport && told[0].vport == 1 && told[0].reason == 0 && told[0].cycle == 10);
    assert_true(told[1].vport == 2 && told[1].reason == 7 && told[1].len == 65 && told[1].last == 3);
    watch_beat(t, 20, 0, beat(0), meta(EOP, 2, 65), beat(3), 0); // begun before anybody looked
    disposition(t, 21, 0);
    assert_int_equal(n, 2);
    watch_beat(t, 22, 0, beat(0), meta(SOP | EOP, 4, 60), beat(5), 0); // left behind: freed
    watch_free(t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sent_frames_are_told_at_their_end),
    cmocka_unit_test(copies_wait_for_their_disposition_in_order),
};
UNIT_MAIN(tests)
