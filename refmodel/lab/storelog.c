/* A log of the guest's stores to RAM, as a plugin of QEMU's TCG (API version 1; its header is in no package of Debian, so
 * what is used of it is declared here). Arguments: out=FILE, ram=FILE (the shared RAM), size=BYTES.
 *
 * A row is a run of stores to one page, without other stores to RAM between them: the number of the first, its time, page,
 * offset and size, how many, the time of the last (CLOCK_REALTIME, ns), and the eight bytes at the offset after the run.
 * It is written when the next run begins, as the last store of a run is known only then, or when QEMU quits.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
typedef uint64_t id_type;
typedef uint32_t info_type;
enum { NO_REGISTERS = 0, STORES = 2 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
unsigned qemu_plugin_mem_size_shift(info_type info);
bool qemu_plugin_mem_is_store(info_type info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(info_type info, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *place);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *place);
void qemu_plugin_register_vcpu_tb_trans_cb(id_type id, void (*call)(id_type, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, void (*call)(unsigned, info_type, uint64_t, void *),
                                      int flags, int which, void *data);
void qemu_plugin_register_atexit_cb(id_type id, void (*call)(id_type, void *), void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { PAGE = 4096 };
static FILE *out;
static const uint8_t *ram;
static uint64_t size, number;
static struct {
    uint64_t number, begun, last, page, at, size, count;
} run;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void row(void) {
    if (!run.count) return;
    uint64_t value = 0;
    memcpy(&value, ram + run.page * PAGE + run.at, PAGE - run.at < 8 ? PAGE - run.at : 8);
    fprintf(out, "%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llx\n", (unsigned long long)run.number, (unsigned long long)run.begun,
            (unsigned long long)run.page, (unsigned long long)run.at, (unsigned long long)run.size,
            (unsigned long long)run.count, (unsigned long long)run.last, (unsigned long long)value);
}

static void stored(unsigned cpu, info_type info, uint64_t address, void *data) {
    (void)cpu, (void)data;
    if (!qemu_plugin_mem_is_store(info)) return; /* the callback comes for some loads too */
    const struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(info, address);
    if (!place || qemu_plugin_hwaddr_is_io(place)) return;
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(place);
    if (physical >= size) return; /* of another block than pc.ram, which begins at 0 */
    number++;
    if (!run.count || run.page != physical / PAGE) {
        row();
        run.number = number, run.begun = now(), run.page = physical / PAGE, run.at = physical % PAGE;
        run.size = (uint64_t)1 << qemu_plugin_mem_size_shift(info), run.count = 0;
    }
    run.count++;
    run.last = now();
}

static void translated(id_type id, struct qemu_plugin_tb *tb) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), stored, NO_REGISTERS, STORES, NULL);
}

static void quits(id_type id, void *data) {
    (void)id, (void)data;
    row();
    fclose(out);
}

static const char *given(const char *argument, const char *name) {
    size_t length = strlen(name);
    return strncmp(argument, name, length) || argument[length] != '=' ? NULL : argument + length + 1;
}

__attribute__((visibility("default"))) int qemu_plugin_install(id_type id, const void *info, int count, char **arguments) {
    (void)info;
    int file = -1;
    for (int i = 0; i < count; i++) {
        const char *value;
        if ((value = given(arguments[i], "out"))) out = fopen(value, "w");
        if ((value = given(arguments[i], "ram"))) file = open(value, O_RDONLY);
        if ((value = given(arguments[i], "size"))) size = strtoull(value, NULL, 10);
    }
    if (!out || file < 0 || !size) return 1;
    ram = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (ram == MAP_FAILED) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, quits, NULL);
    return 0;
}
