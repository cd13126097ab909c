/* The rule of the cache-aware routers of SGLang's gateway and the vLLM router: while loads are not far apart (the most loaded has more than `apart_requests` over the least and more than
 * `apart_ratio` times as many), a request goes where most of its prompt is cached, if that is more than `match_share` of it, else where the fewest tokens were ever sent; while they are, to
 * the least loaded. Real routers keep a tree of what they sent; this one asks the caches themselves, so what an engine has dropped is no match. O(n) a request. */
#include "sim/serve_instance.h"
#include "sim/serve_router.h"

static int least_loaded(const struct route *g, bool *ret_apart) {
  int best = g->open[0];
  int64_t most = g->site[best].requests;
  for (int i = 1; i < g->n; i++) {
    int64_t x = g->site[g->open[i]].requests;
    if (x < g->site[best].requests)
      best = g->open[i];
    most = x > most ? x : most;
  }
  double least = (double)g->site[best].requests;
  *ret_apart = (double)most - least > g->apart_requests && (double)most > g->apart_ratio * least;
  return best;
}

static int pick(struct route *g, const struct sim_request *r, sim_time t) {
  bool apart;
  int least = least_loaded(g, &apart), match = -1, fresh = g->open[0];
  int32_t longest = 0;
  if (apart)
    return least;
  for (int i = 0; i < g->n; i++) {
    int x = g->open[i];
    int32_t found = r->block ? serve_match(g->site[x].engine, r, t) : 0;
    if (found > longest) {
      longest = found;
      match = x;
    }
    if (g->site[x].sent < g->site[fresh].sent)
      fresh = x;
  }
  return longest > g->match_share * r->input ? match : fresh;
}
const struct sim_router serve_router_prefix = {"prefix", "where most of the prompt is cached, unless loads are far apart", NULL, pick, true};
