/* The best layouts of a scenario's training on each option's servers, beside the layout that the scenario has: a closed form screens them all, the best are replayed as events. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "cli/plan.h"
#include "cli/timeline.h"
#include "sim/train.h"

enum { MOST_SIZES = 8 }; /* numbers of GPUs that are tried for the lowest cost: the asked one and its halves */

struct call {
  struct plan_call *plan;
  const struct sim_training *training;
  const struct wl_phase *phase;
  const struct hw_server *server;
  bool by_cost;
  size_t screened;
  double screened_s;
  const char *trace; /* file still to be written; NULL = none */
};

struct found { /* a layout on so many GPUs */
  struct sim_step step;
  double screened_s;
  int gpus;
  double usd; /* of the phase; NaN = no offer has a price for the server */
};

/* ---- names and rows ---- */
static const char *recompute_name(enum sim_recompute r) {
  static const char *const name[] = {"none", "selective", "full", "auto"};
  return name[r];
}

static const char *schedule_name(enum sim_schedule s) {
  static const char *const name[] = {"auto", "1F1B", "interleaved", "zero-bubble", "DualPipe"};
  return name[s];
}

static double days_of(const struct call *c, const struct sim_step *s) {
  return c->phase->steps * s->time_s / 86400;
}

static double gpu_hours_of(const struct call *c, const struct sim_step *s, int gpus) {
  return c->phase->steps * s->time_s * gpus / 3600;
}

static void print_head(void) {
  printf("rank   gpus  tp  pp vpp    dp   ep  cp  mb  zero  recompute schedule       step_s  screen_s   mfu  mem_GB     days   gpu_hours         usd\n");
}

static void print_row(const struct call *c, const char *rank, const struct found *f) {
  const struct sim_step *s = &f->step;
  const struct sim_plan *p = &s->plan;
  printf("%4s %6d %3d %3d %3d %5d %4d %3d %3d %5d  %-9s %-11s %9.3f ", rank, f->gpus, p->tp, p->pp, p->vpp, p->dp, p->ep, p->cp, p->micro_batch, p->zero,
         recompute_name(p->recompute), schedule_name(p->schedule), s->time_s);
  printf("%9s", isnan(f->screened_s) ? "-" : arena_printf(c->plan->arena, "%.3f", f->screened_s));
  printf(" %5.1f %7.1f %8.2f %11.0f", 100 * s->mfu, s->mem_bytes / 1e9, days_of(c, s), gpu_hours_of(c, s, f->gpus));
  if (isnan(f->usd))
    printf("           -\n");
  else
    printf(" %11.0f\n", f->usd);
}

/* ---- money ---- */
/* The cheapest offer of the server; -1 = none has a price. */
static int cheapest_offer(const struct call *c, int gpus, double *ret_usd_per_gpu_h) {
  const struct sim_offers *o = &c->plan->offers;
  int best = -1;
  for (int i = 0; i < o->n; i++) {
    struct sim_price p;
    if (o->offer[i].server != c->server)
      continue;
    sim_offer_price(o, i, (int)ceil((double)gpus / c->server->gpus), 0, &p);
    if (!isnan(p.usd_per_gpu_h) && (best < 0 || p.usd_per_gpu_h < *ret_usd_per_gpu_h)) {
      best = i;
      *ret_usd_per_gpu_h = p.usd_per_gpu_h;
    }
  }
  return best;
}

static double usd_of(const struct call *c, const struct sim_step *s, int gpus) {
  double usd_per_gpu_h = 0;
  return cheapest_offer(c, gpus, &usd_per_gpu_h) < 0 ? (double)NAN : gpu_hours_of(c, s, gpus) * usd_per_gpu_h;
}

/* ---- why ---- */
static int most_more(const struct sim_step *a, const struct sim_step *b) {
  int most = 0;
  for (int i = 1; i < STEP_PARTS; i++)
    if (a->part_s[i] - b->part_s[i] > a->part_s[most] - b->part_s[most])
      most = i;
  return most;
}

/* What a spends more on than b, the two largest. */
static void print_more(const struct sim_step *a, const struct sim_step *b) {
  int first = most_more(a, b), second = -1;
  for (int i = 0; i < STEP_PARTS; i++)
    if (i != first && a->part_s[i] > b->part_s[i] && (second < 0 || a->part_s[i] - b->part_s[i] > a->part_s[second] - b->part_s[second]))
      second = i;
  if (a->part_s[first] > b->part_s[first])
    printf("%.3f s more on %s", a->part_s[first] - b->part_s[first], sim_step_part_name[first]);
  if (second >= 0)
    printf(", %.3f s on %s", a->part_s[second] - b->part_s[second], sim_step_part_name[second]);
}

/* Where the winner's time goes, and what the next one spends more on. */
static void explain(const struct found *best, const struct found *next) {
  const struct sim_step *b = &best->step;
  printf("      time:");
  for (int i = 0; i < STEP_PARTS; i++)
    if (b->part_s[i] > 0.005 * b->time_s)
      printf(" %s %.0f %%", sim_step_part_name[i], 100 * b->part_s[i] / b->time_s);
  putchar('\n');
  if (!next)
    return;
  if (next->gpus != best->gpus) {
    printf("      it wins by %.1f %% of cost: %d GPUs at %.1f %% of peak against %d at %.1f %%\n", 100 * (next->usd / best->usd - 1), best->gpus, 100 * b->mfu, next->gpus,
           100 * next->step.mfu);
    return;
  }
  printf("      it wins by %.1f %%: the next one spends ", 100 * (next->step.time_s / b->time_s - 1));
  print_more(&next->step, b);
  putchar('\n');
}

/* ---- the scenario's own layout ---- */
static bool says_layout(const struct sim_plan *p) {
  return p->tp > 0 || p->pp > 0 || p->vpp > 0 || p->ep > 0 || p->cp > 0 || p->micro_batch > 0 || p->dp > 0;
}

static void print_own(const struct call *c, struct found *own, const struct found *best, const struct sim_plan_search *s) {
  if (!says_layout(&c->training->plan)) {
    printf("      the scenario leaves the layout open: a run takes the fastest\n");
    return;
  }
  if (!own->step.fits) {
    printf("      the scenario's own layout does not fit: %s\n", own->step.why);
    return;
  }
  own->screened_s = s->own_screened_s;
  print_row(c, "own", own);
  if (c->by_cost && own->gpus != best->gpus) {
    printf("      the scenario's own layout costs %.1f %% more, %+.0f USD: %d GPUs at %.1f %% of peak against %d at %.1f %%\n", 100 * (own->usd / best->usd - 1),
           own->usd - best->usd, own->gpus, 100 * own->step.mfu, best->gpus, 100 * best->step.mfu);
    return;
  }
  if (own->step.time_s <= best->step.time_s) {
    printf("      the scenario's own layout is as fast as any that was found\n");
    return;
  }
  printf("      the scenario's own layout");
  if (!isnan(s->own_screened_s))
    printf(" is number %zu of the %zu that fit, by the closed form;", s->faster_than_own + 1, s->fitting);
  printf(" %.1f %% slower than the first", 100 * (own->step.time_s / best->step.time_s - 1));
  if (!isnan(own->usd))
    printf(", %+.0f USD", own->usd - best->usd);
  printf(": it spends ");
  print_more(&own->step, &best->step);
  putchar('\n');
}

static void print_rejected(const struct sim_plan_search *s) {
  printf("      the fastest layouts that do not fit:\n");
  for (int i = 0; i < s->n_rejected; i++) {
    const struct sim_step *r = &s->rejected[i];
    const struct sim_plan *p = &r->plan;
    printf("      tp %d pp %d vpp %d dp %d ep %d cp %d mb %d zero %d (%.3f s): %s\n", p->tp, p->pp, p->vpp, p->dp, p->ep, p->cp, p->micro_batch, p->zero, r->time_s, r->why);
  }
  if (s->n_rejected == 0)
    printf("      none was faster to screen\n");
}

/* ---- one phase on one server ---- */
static struct sim_train_job job_of(const struct call *c, int gpus) {
  const struct sim_training *t = c->training;
  return (struct sim_train_job){.catalog = c->plan->spec->catalog,
                                .server = c->server,
                                .model = t->model,
                                .stack = t->stack,
                                .stacks = c->plan->spec->stacks,
                                .year = c->plan->spec->year,
                                .gpus = gpus,
                                .seq_len = c->phase->seq_len,
                                .global_batch = c->phase->global_batch,
                                .plan = {.zero = -1, .precision = t->plan.precision, .recompute = RECOMPUTE_AUTO}};
}

static bool own_of(const struct call *c, int gpus, struct found *ret) {
  struct sim_train_job j = job_of(c, gpus);
  j.plan = c->training->plan;
  *ret = (struct found){.gpus = gpus, .screened_s = NAN, .usd = NAN};
  if (!sim_train_choose(&j, &ret->step))
    return false;
  ret->usd = usd_of(c, &ret->step, gpus);
  return true;
}

static bool search(struct call *c, int gpus, const struct sim_plan *own, struct sim_plan_search *ret) {
  struct sim_train_job j = job_of(c, gpus);
  clock_t from = clock();
  bool ok = sim_train_search_beside(&j, own, ret);
  c->screened_s += (double)(clock() - from) / CLOCKS_PER_SEC;
  c->screened += ret->screened;
  return ok;
}

static int by_usd(const void *a, const void *b) {
  const struct found *x = a, *y = b;
  return (x->usd > y->usd) - (x->usd < y->usd);
}

static int take(const struct call *c, const struct sim_plan_search *s, int gpus, struct found *ret) {
  int n = 0;
  for (int i = 0; i < s->n; i++)
    if (s->best[i].fits)
      ret[n++] = (struct found){s->best[i], s->screened_s[i], gpus, usd_of(c, &s->best[i], gpus)};
  return n;
}

/* Fewer GPUs are used better but longer: halves of the asked number, as long as the deadline is met. */
static int take_sizes(struct call *c, int gpus, struct found *ret) {
  int n = 0;
  for (int k = 1, g = gpus / 2; k < MOST_SIZES && g >= c->server->gpus; k++, g /= 2) {
    struct sim_plan_search s;
    if (!search(c, g, NULL, &s))
      continue;
    int more = take(c, &s, g, ret + n), kept = 0;
    for (int i = 0; i < more; i++)
      if (c->training->deadline_s <= 0 || days_of(c, &ret[n + i].step) * 86400 <= c->training->deadline_s)
        kept++;
      else
        break; /* sorted by time */
    n += kept;
  }
  return n;
}

static void print_price(const struct call *c, int gpus) {
  double usd_per_gpu_h = 0;
  int o = cheapest_offer(c, gpus, &usd_per_gpu_h);
  if (o >= 0)
    printf("      usd: %.3f a GPU-hour, the cheapest offer of this server: %s, %s\n", usd_per_gpu_h, c->plan->offers.offer[o].name, c->plan->offers.offer[o].basis);
}

static void plan_phase(struct call *c, int gpus) {
  struct found *f = mem_array(MOST_SIZES * SIM_PLANS_KEPT, sizeof *f), own;
  struct sim_plan_search s;
  bool has_own = own_of(c, gpus, &own);
  struct sim_plan asked = own.step.plan;
  asked.recompute = c->training->plan.recompute; /* left open: on no more layers than must */
  bool ok = search(c, gpus, has_own ? &asked : NULL, &s);
  int n = ok ? take(c, &s, gpus, f) : 0;
  printf("\n%s, phase %s, %d x %s (%zu layouts, %zu fit in memory)\n", c->training->name, c->phase->name, gpus, c->server->gpu->name, s.screened, s.fitting);
  if (c->by_cost)
    n += take_sizes(c, gpus, f + n);
  if (c->by_cost && n > 0 && !isnan(f[0].usd))
    qsort(f, (size_t)n, sizeof *f, by_usd);
  if (n == 0) {
    printf("      no layout fits: %s\n", s.best[0].why);
    c->plan->infeasible = true;
  } else {
    print_head();
    for (int i = 0; i < n && i < c->plan->top; i++) {
      char rank[12];
      snprintf(rank, sizeof rank, "%d", i + 1);
      print_row(c, rank, &f[i]);
    }
    explain(&f[0], n > 1 ? &f[1] : NULL);
    if (has_own)
      print_own(c, &own, &f[0], &s);
    print_price(c, f[0].gpus);
    double days = days_of(c, &f[0].step);
    if (c->training->deadline_s > 0 && days * 86400 > c->training->deadline_s) {
      printf("      misses the deadline of %.1f days; %.0f GPUs at the same efficiency would meet it\n", c->training->deadline_s / 86400,
             ceil(f[0].gpus * days * 86400 / c->training->deadline_s));
      c->plan->infeasible = true;
    }
    if (c->trace) {
      struct sim_train_job j = job_of(c, f[0].gpus);
      struct sim_plan p = f[0].step.plan;
      p.recompute = RECOMPUTE_AUTO; /* on no more layers than must */
      timeline_write(c->trace, &j, &p, c->plan->errs);
      c->trace = NULL;
    }
  }
  if (cli_flag(c->plan->args, "rejected"))
    print_rejected(&s);
  mem_free(f);
}

/* ---- all of them ---- */
/* GPUs of an option: what is asked for, else what its first layer has; 0 when only a run of the fleet can tell. */
static int gpus_of(const struct call *c, const struct sim_layer *l) {
  if (c->plan->gpus > 0)
    return (int)c->plan->gpus;
  if (c->training->gpus > 0)
    return c->training->gpus;
  return l->count > 0 ? l->count * l->server->gpus : 0;
}

static bool seen_before(const struct sim_spec *s, int option, const struct hw_server *server) {
  for (int i = 0; i < option; i++)
    if (s->option[i].n > 0 && s->option[i].layer[0].server == server)
      return true;
  return false;
}

static void plan_training(struct call *c) {
  const struct sim_spec *s = c->plan->spec;
  for (int o = 0; o < s->n_option; o++) {
    const struct sim_layer *l = s->option[o].n > 0 ? &s->option[o].layer[0] : NULL;
    int gpus = l ? gpus_of(c, l) : 0;
    if (gpus == 0 || seen_before(s, o, l->server))
      continue;
    c->server = l->server;
    for (size_t i = 0; i < c->training->phases->n; i++) {
      c->phase = &c->training->phases->phase[i];
      if (c->phase->kind == WL_RL || c->phase->kind == WL_REJECTION)
        continue;
      plan_phase(c, c->phase->gpus > 0 && c->phase->gpus < gpus ? (int)c->phase->gpus : gpus);
      c->plan->planned = true;
    }
  }
}

void plan_trainings(struct plan_call *p) {
  const char *by = cli_value(p->args, "by");
  struct call c = {.plan = p, .by_cost = by && !strcmp(by, "cost"), .trace = cli_value(p->args, "trace-out")};
  for (int i = 0; i < p->spec->n_training; i++) {
    c.training = &p->spec->training[i];
    plan_training(&c);
  }
  if (c.screened > 0)
    cli_say("%zu layouts in %.3f s of processor time, the best replayed as events", c.screened, c.screened_s);
}
