/* The capacity of an option over time: how many servers each layer should have and how whole replicas are made of them. What an interval of hours does with
 * them is fleet_load's. */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H
#include "sim/fleet_surface.h"

struct life;
struct life_layer;

struct fleet_pool { /* the replicas of one workload on one layer */
  const struct surfaces *of;
  struct surface surface;   /* in this world */
  double each;              /* servers a replica takes; below 1: several share one */
  int gpus;                 /* of a replica */
  int replicas;             /* in place now, less what trains */
  double availability;      /* chance that a replica is up */
};
struct fleet_record { /* how a workload was served year by year: good years do not make up for a bad one */
  double arrived, within;   /* up to the last year's end */
  double worst;             /* share in time of the worst year */
  int worst_year;           /* from 1; 0 = nothing has arrived yet */
};
struct fleet {
  int servings;
  struct fleet_pool *pool;  /* [layer x servings] */
  double *arrived, *within; /* of each serving, over the whole horizon */
  struct fleet_record *record;
  double limited_kw;        /* kW that the site refused at most */
  double headroom;          /* capacity that scaling layers keep / load, >= 1 */
  int headroom_step;
  double *rest, *active, *kw, *hours; /* scratch of an interval, a value for each cell */
};

void fleet_create(struct life *l);
void fleet_destroy(struct life *l);
void fleet_open(struct life *l);     /* the first capacity, at the start */
void fleet_plan(struct life *l);     /* a month has begun: grow what should grow */
void fleet_close_year(struct life *l); /* at the end of a year of the horizon, also of a last one that is not full */
void fleet_judge(struct life *l);    /* the horizon is over: was the service level met? */
void fleet_refresh(struct life *l);  /* servers have changed: make replicas of them */
bool fleet_pays(const struct life *l, const struct life_layer *y); /* is a commitment signed now worth its term? true for whatever is none */
int fleet_wanted(struct life *l, struct life_layer *y); /* servers that a layer should have now, of its own */
int fleet_needed(struct life *l, struct life_layer *y, double months); /* least servers that serve the layer's part at a time */
double fleet_needed_gpus(const struct life *l); /* to serve this month's peak within the service level, on the layers as they are ordered */
double fleet_growth(const struct life *l, int serving, double months); /* demand / demand at the start */
double fleet_nameplate_kw(const struct life *l, const struct life_layer *y); /* of one server, as contracted */
double fleet_pue(const struct life *l, const struct life_layer *y);
struct fleet_pool *fleet_pool(const struct life *l, int layer, int serving);
/* Share of time that a server of the layer is up. */
double fleet_server_availability(const struct life *l, const struct life_layer *y);
#endif
