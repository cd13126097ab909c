#include "sim/life_train.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/units.h"
#include "sim/life.h"

enum { MOST_SERVERS = 4096 };

/* ---- where a run may go ---- */
struct place {
  int layer;                         /* -1 = block */
  const struct sim_contract *block;
  const char *where;
  const struct hw_server *server;
  int most;                          /* servers there are */
  bool all;                          /* all of them are taken, being idle anyway; else as few as meet the deadline */
  double usd_per_h;                  /* that a server costs for the run's sake */
  double throughput, power;          /* achieved, drawn / predicted */
};
struct choice {
  struct place place;
  int servers;
  const struct memo_train *of;
  double time_s, usd;
};
struct search {
  struct life *l;
  int training;
  const struct sim_training *spec;
  struct choice best;
  bool found;
  double fastest_s;                  /* of what is too late */
  char why[LIFE_WHY];
};

static void try(struct search *s, const struct place *p, int servers) {
  struct choice c = {.place = *p, .servers = servers};
  int gpus = s->spec->gpus > 0 ? s->spec->gpus : servers * p->server->gpus;
  c.of = memo_train(s->l->memo, s->training, p->server, gpus);
  if (!c.of->run.feasible) {
    if (!*s->why || p->block == NULL)
      snprintf(s->why, sizeof s->why, "%d x %s: %s", servers, p->server->name, c.of->run.why);
    return;
  }
  c.time_s = c.of->run.time_to_train_s / p->throughput;
  c.usd = p->block ? contract_block_usd(p->block, servers, c.time_s) : servers * p->usd_per_h * c.time_s / 3600;
  bool late = s->spec->deadline_s > 0 && c.time_s > s->spec->deadline_s;
  if (late || isnan(c.usd)) {
    if (!(s->fastest_s > 0) || c.time_s < s->fastest_s) {
      s->fastest_s = c.time_s;
      snprintf(s->why, sizeof s->why, "%d x %s take %.1f days, %s", servers, p->server->name, c.time_s / 86400,
               late ? "longer than the deadline" : "longer than a block may be");
    }
    return;
  }
  if (!s->found || c.usd < s->best.usd) {
    s->best = c;
    s->found = true;
  }
}

/* Servers beyond which no phase of the run can use one more; 0 = no limit. */
static int useful(const struct sim_training *t, int gpus_per_server) {
  double most = 0;
  for (size_t i = 0; i < t->phases->n; i++) {
    if (!(t->phases->phase[i].gpus > 0))
      return 0;
    most = fmax(most, t->phases->phase[i].gpus);
  }
  return (int)ceil(most / gpus_per_server);
}

/* Largest of 1, 2, 3, 4, 6, 8, 12 ... up to n: what a fleet happens to have free differs from month to month and world to world, the sizes tried shall not. */
static int round_size(int n) {
  int size = 1;
  for (; size * 2 <= n; size *= 2)
    ;
  return size + size / 2 <= n && size > 1 ? size + size / 2 : size;
}

/* The stated number, all that is there, or doublings until one is in time and one more, which may be cheaper by fewer paid days. */
static void try_place(struct search *s, const struct place *p) {
  int stated = (int)ceil((double)s->spec->gpus / p->server->gpus), limit = useful(s->spec, p->server->gpus), most = p->most;
  if (stated > most || most < 1) {
    if (!*s->why)
      snprintf(s->why, sizeof s->why, "%s has %d x %s free, %d are needed", p->where, most > 0 ? most : 0, p->server->name, stated > 0 ? stated : 1);
    return;
  }
  if (limit > 0 && limit < most)
    most = limit;
  if (stated > 0 || p->all) {
    try(s, p, stated > 0 ? stated : s->l->fleet.servings ? round_size(most) : most);
    return;
  }
  int beyond = 0;
  for (int n = 1; beyond < 2; n *= 2) {
    try(s, p, n < most ? n : most);
    if (n >= most)
      break;
    beyond += s->found && s->best.place.server == p->server && s->best.place.block == p->block;
  }
}

/* Servers that serving leaves alone from now to the end of the month in which it needs most. */
static int free_servers(struct life *l, struct life_layer *y) {
  if (y->spec->scale)
    return y->spec->count >= 0 ? y->spec->count : MOST_SERVERS;
  int needed = l->fleet.servings ? fleet_needed(l, y, l->now) : 0;
  return y->servers - y->training - needed;
}

static void try_fleet(struct search *s) {
  struct life *l = s->l;
  for (int i = 0; i < l->option->n; i++) {
    struct life_layer *y = &l->layer[i];
    try_place(s, &(struct place){.layer = i,
                                 .where = "fleet",
                                 .server = y->spec->server,
                                 .most = free_servers(l, y),
                                 .all = !y->spec->scale,
                                 .usd_per_h = y->spec->scale ? contract_usd_per_h(y, l->now) : 0,
                                 .throughput = world_layer(l->world, l->index, i)->training.a,
                                 .power = world_layer(l->world, l->index, i)->power.a});
  }
}

static void try_block(struct search *s, const char *name) {
  const struct sim_spec *spec = s->l->spec;
  for (int i = 0; i < spec->n_contract; i++)
    if (!strcmp(spec->contract[i].name, name))
      try_place(s, &(struct place){.layer = -1,
                                   .block = &spec->contract[i],
                                   .where = spec->contract[i].name,
                                   .server = spec->contract[i].server,
                                   .most = MOST_SERVERS,
                                   .throughput = s->l->world->contract[i].training.a,
                                   .power = s->l->world->contract[i].power.a});
}

/* ---- a run ---- */
static void on_run_end(struct engine *e, void *subject, void *object) {
  struct life *l = subject;
  (void)e;
  life_advance(l);
  const struct life_run *r = &l->run[(size_t)(uintptr_t)object];
  if (r->layer >= 0 && !l->layer[r->layer].spec->scale)
    l->layer[r->layer].training -= r->servers;
}

static void pay_block(struct life *l, const struct life_run *r, const struct sim_contract *c, double hours, bool advance, double usd) {
  double quantity = r->servers * hours;
  ledger_post(&l->ledger, &(struct ledger_line){.kind = CHARGE_BLOCK,
                                                .layer = -1,
                                                .month = l->now,
                                                .advance = advance,
                                                .usd = usd,
                                                .moving = 0,
                                                .quantity = quantity,
                                                .unit_price = c->usd_per_h.a,
                                                .list_price = c->usd_per_h.a,
                                                .unit = "server-hour"});
}

static const struct sim_contract *block_of(const struct life *l, const struct life_run *r) {
  for (int i = 0; i < l->spec->n_contract; i++)
    if (r->layer < 0 && !strcmp(l->spec->contract[i].name, r->where))
      return &l->spec->contract[i];
  return NULL;
}

void life_train_bill(struct life *l) {
  double from = life_hours_at(l, l->now), to = life_hours_at(l, l->now + 1);
  for (size_t i = 0; i < l->n_run; i++) {
    const struct life_run *r = &l->run[i];
    const struct sim_contract *c = block_of(l, r);
    double in_month = fmax(0, fmin(to, r->end_h) - fmax(from, r->start_h));
    if (c && !c->upfront && in_month > 0)
      pay_block(l, r, c, in_month, false, r->usd * in_month / (r->end_h - r->start_h));
  }
}

static void start(struct life *l, const struct search *s) {
  const struct choice *c = &s->best;
  double now_h = engine_now_s(l->engine) / 3600, end_h = now_h + c->time_s / 3600;
  l->run = mem_grow(l->run, &l->cap_run, l->n_run + 1, sizeof *l->run);
  struct life_run *r = &l->run[l->n_run];
  *r = (struct life_run){.training = s->training, .layer = c->place.layer, .where = c->place.where, .servers = c->servers, .start_h = now_h,
                         .end_h = end_h, .usd = c->place.block ? c->usd : 0, .throughput = c->place.throughput, .power = c->place.power, .of = c->of};
  if (c->place.layer < 0) /* of it, what lies within the horizon */
    l->blocks_h += c->servers * (fmin(end_h, life_hours_at(l, l->spec->months)) - now_h);
  else if (!l->layer[c->place.layer].spec->scale)
    l->layer[c->place.layer].training += c->servers;
  if (c->place.block && c->place.block->upfront)
    pay_block(l, r, c->place.block, c->usd / (c->servers * c->place.block->usd_per_h.a), true, c->usd);
  sim_time end;
  if (sim_time_from_s(end_h * 3600, &end))
    engine_at(l->engine, end, BAND_STATE, on_run_end, l, (void *)(uintptr_t)l->n_run);
  l->n_run++;
  life_tell(l, "phase", "%s: %d x %s (%s) for %.1f days", s->spec->name, c->servers, c->place.server->name, c->place.where, c->time_s / 86400);
  double longer_days = round((end_h - life_hours_at(l, l->spec->months)) / 24);
  if (end_h > life_hours_at(l, l->spec->months) * (1 + 1e-9))
    life_infeasible(l, "%s: takes %.1f days and does not end within the horizon; smallest cure: a horizon %.0f day%s longer", s->spec->name,
                    c->time_s / 86400, longer_days, units_s(longer_days));
}

static void on_run(struct engine *e, void *subject, void *object) {
  struct life *l = subject;
  struct search s = {.l = l, .training = (int)(uintptr_t)object};
  (void)e;
  s.spec = &l->spec->training[s.training];
  life_advance(l);
  if (!s.spec->n_where)
    try_fleet(&s);
  for (int i = 0; i < s.spec->n_where; i++)
    if (!strcmp(s.spec->where[i], "fleet"))
      try_fleet(&s);
    else
      try_block(&s, s.spec->where[i]);
  if (s.found)
    start(l, &s);
  else
    life_infeasible(l, "%s: no place can run it: %s", s.spec->name, s.why);
}

void life_train_schedule(struct life *l) {
  for (int i = 0; i < l->spec->n_training && !l->spec->fixed.present; i++) {
    const struct sim_training *t = &l->spec->training[i];
    double first = t->first.year ? life_months_to(l, t->first) : 0, every = t->every_months;
    if (first >= l->spec->months)
      life_tell(l, "warning", "%s: its first run lies beyond the horizon", t->name);
    for (double m = fmax(0, first); m < l->spec->months; m += every) {
      life_at_months(l, m, BAND_SCHEDULER, on_run, (void *)(uintptr_t)i);
      if (!(every > 0))
        break;
    }
  }
}
