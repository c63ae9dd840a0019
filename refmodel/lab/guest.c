/* The guest of the lab: writes pages by a rule, so that each page can be recomputed from one counter. No paging, no DMA.
 *
 * Write number w (from 1) is of page page_of(w), with words word(w, page, i). At STATE lie: magic, begun, done, n, gap,
 * pattern. A write is begun, its words are stored from the first to the last, then it is done. guest.py has the rule again,
 * as it is the oracle's; a test holds the two together by what a real run left.
 */
typedef unsigned int u32;
typedef unsigned long long u64;

#define STATE 0x110000
#define BASE 0x140000
#define WORDS 1024

__attribute__((section(".multiboot"), used)) static const u32 header[] = {0x1BADB002, 0, -0x1BADB002};
static unsigned char stack[4096] __attribute__((used, aligned(16)));

__asm__(".globl _start\n_start:\n mov $stack+4096, %esp\n push %ebx\n call run\n1: jmp 1b\n");

static u32 mixed(u32 x) {
    x *= 0x9E3779B1u;
    x ^= x >> 15;
    x *= 0x85EBCA77u;
    return x ^ x >> 13;
}

static u32 number(const char *line, const char *name) {
    for (; line && *line; line++) {
        u32 i = 0;
        while (name[i] && line[i] == name[i]) i++;
        if (name[i] || line[i] != '=') continue;
        u32 value = 0;
        for (line += i + 1; *line >= '0' && *line <= '9'; line++) value = value * 10 + (u32)(*line - '0');
        return value;
    }
    return 0;
}

static u32 ticks(void) {
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low >> 10 | high << 22;
}

enum { SEQUENTIAL, UNIFORM, HOT, ZEROING, SAME };

static u32 page_of(u32 w, u32 n, u32 pattern) {
    u32 x = mixed(w);
    if (pattern == UNIFORM) return x % n;
    if (pattern == HOT) return x & 3 ? (x >> 8) % (n < 8 ? n : 8) : (x >> 8) % n;
    return w % n;
}

static u32 word(u32 w, u32 page, u32 i, u32 pattern) {
    if (pattern == ZEROING && mixed(w) & 1) return 0;
    if (pattern == SAME) w = 1;
    if (i == 0 || i == WORDS - 1) return w;
    if (i == 1 || i == WORDS - 2) return page;
    return w * 2654435761u + page * 40503u + i * 2246822519u;
}

__attribute__((used)) static void run(const u32 *info) {
    const char *line = info[0] & 4 ? (const char *)info[4] : 0;
    volatile u32 *state = (volatile u32 *)STATE;
    u32 n = number(line, "pages"), gap = number(line, "gap"), pattern = number(line, "pattern");
    for (u32 i = 0; i < n * WORDS; i++) ((volatile u32 *)BASE)[i] = 0; /* the firmware has been there */
    state[1] = state[2] = 0;
    state[3] = n;
    state[4] = gap;
    state[5] = pattern;
    state[0] = 0x7AB61E57;
    u32 next = ticks();
    for (u32 w = 1;; w++) {
        while ((int)(ticks() - next) < 0) __asm__ volatile("pause");
        next += gap;
        if ((int)(ticks() - next) > 0) next = ticks();
        u32 page = page_of(w, n, pattern);
        volatile u32 *at = (volatile u32 *)(BASE + page * 4096);
        state[1] = w;
        for (u32 i = 0; i < WORDS; i++) at[i] = word(w, page, i, pattern);
        state[2] = w;
    }
}
