/* Prefix cache of one replica: blocks of prompt tokens by the number their content (with all that stands in front of it) goes by. A block is held while running
 * sequences use it; once nobody does it stays as long as there is room, and the one released longest ago goes first (the order that vLLM issue 2614
 * plans). O(1) a block: a hash table and a list, both of indices. Capacity is the caller's: it trims. */
#ifndef SIM_SERVE_PREFIX_H
#define SIM_SERVE_PREFIX_H
#include <stdbool.h>
#include <stdint.h>

struct serve_prefix;
struct serve_prefix *serve_prefix_create(void);
void serve_prefix_destroy(struct serve_prefix *p); /* NULL is fine */
/* How many leading ids of n are cached; *ret_held (may be NULL): how many of those somebody holds. */
int32_t serve_prefix_find(const struct serve_prefix *p, const int32_t *id, int32_t n, int32_t *ret_held);
/* Holds a block, adding it when it is missing. true: nobody held it before. */
bool serve_prefix_hold(struct serve_prefix *p, int32_t id);
/* Gives up one hold. true: nobody holds it now, and it is the last to go. Release a prompt's blocks from its end, so that no block outlives its prefix. */
bool serve_prefix_release(struct serve_prefix *p, int32_t id);
/* Drops blocks that nobody holds until at most `most` of those are left; returns how many went. */
uint64_t serve_prefix_trim(struct serve_prefix *p, int64_t most);
int64_t serve_prefix_idle(const struct serve_prefix *p); /* blocks that nobody holds */
#endif
