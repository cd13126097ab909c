/* The same hold and flow work (bench/models.h) on SimGrid 3 and on this engine, interleaved in one run; prints both and
 * the ratio of their medians. In SimGrid every pending event is an actor that sleeps, and every host an actor that
 * sends: its native way. SimGrid allows one engine per process, so each of its measurements runs in a child.
 *
 * Flows are compared twice: with SimGrid's network model as it comes (`simgrid`), which adds TCP's factors and the
 * traffic of acknowledgements, and with all that turned off (`simgrid_plain`), so that it shares links just as we do.
 * Of the latter the simulated ends are compared too: they agree until rounding has made the runs different ones, the
 * sooner the fewer hosts. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include "base/mem.h"
#include "bench/bench.h"
#include "bench/models.h"
#include "sim/kernel/stream.h"

struct result {
  double rate, end_s;
};
enum kind { HOLD, FLOWS, FLOWS_PLAIN };
struct work {
  const char *name, *unit;
  size_t size; /* pending events, or leaves */
  uint64_t amount;
  enum kind kind;
};

/* --- on SimGrid, in a child --- */

static struct {
  struct work w;
  int out; /* the pipe to the parent */
  struct stream st, *host_stream;
  sg_host_t *host;
  size_t hosts;
  uint64_t done, started_at;
  double t0;
} peer;

static void answer(double rate) {
  struct result r = {rate, simgrid_get_clock()};
  bool sent = write(peer.out, &r, sizeof r) == (ssize_t)sizeof r;
  _exit(sent ? 0 : 1); /* without tearing down a hundred thousand actors */
}

static void sleeper(int argc, char **argv) {
  (void)argc, (void)argv;
  for (;;) {
    sg_actor_sleep_for(stream_exponential(&peer.st, 1));
    peer.done++;
  }
}

static void hold_timer(int argc, char **argv) {
  (void)argc, (void)argv;
  sg_actor_sleep_until(HOLD_WARM_UP_S);
  uint64_t before = peer.done;
  double t0 = bench_cpu_s();
  sg_actor_sleep_until(HOLD_WARM_UP_S + (double)peer.w.amount / (double)peer.w.size);
  answer((double)(peer.done - before) / (bench_cpu_s() - t0));
}

static void sender(int argc, char **argv) {
  size_t me = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  struct stream *st = &peer.host_stream[me];
  for (bool first = true;; first = false) {
    if (!first && ++peer.done == peer.hosts)
      peer.t0 = bench_cpu_s();
    if (peer.done == peer.hosts + peer.w.amount)
      answer((double)peer.w.amount / (bench_cpu_s() - peer.t0));
    size_t to = stream_below(st, peer.hosts - 1);
    to += to >= me;
    double bytes = stream_exponential(st, FLOW_BYTES);
    sg_host_sendto(peer.host[me], peer.host[to], bytes);
  }
}

static void write_platform(const char *path, size_t leaves) {
  FILE *f = fopen(path, "w");
  if (!f)
    _exit(1);
  fprintf(
      f,
      "<?xml version='1.0'?><!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\"><platform version=\"4.1\">");
  fprintf(f,
          "<zone id=\"w\" routing=\"Full\"><cluster id=\"c\" prefix=\"n\" suffix=\"\" radical=\"0-%zu\" speed=\"1Gf\" "
          "bw=\"%.0fBps\" lat=\"0s\" ",
          leaves * leaves - 1, LINK_BPS);
  fprintf(f,
          "sharing_policy=\"SPLITDUPLEX\" topology=\"FAT_TREE\" "
          "topo_parameters=\"2;%zu,%zu;1,%zu;1,1\"/></zone></platform>",
          leaves, leaves, leaves);
  if (fclose(f) != 0)
    _exit(1);
}

static void start_senders(void) {
  peer.hosts = peer.w.size * peer.w.size;
  peer.host_stream = mem_array(peer.hosts, sizeof *peer.host_stream);
  peer.host = mem_array(peer.hosts, sizeof *peer.host);
  for (size_t i = 0; i < peer.hosts; i++) {
    char name[32], number[32];
    snprintf(name, sizeof name, "n%zu", i);
    snprintf(number, sizeof number, "%zu", i);
    peer.host[i] = sg_host_by_name(name);
    stream_init(&peer.host_stream[i], 1, "flows", i);
    const char *argv[] = {"sender", number, NULL};
    sg_actor_start_(sg_actor_init("sender", peer.host[i]), sender, 2, argv);
  }
}

static void start_sleepers(void) {
  sg_host_t host = sg_host_by_name("n0");
  stream_init(&peer.st, 1, "hold", 0);
  const char *argv[] = {"actor", NULL};
  for (size_t i = 0; i < peer.w.size; i++)
    sg_actor_start_(sg_actor_init("sleeper", host), sleeper, 1, argv);
  sg_actor_start_(sg_actor_init("timer", host), hold_timer, 1, argv);
}

static void run_peer(struct work w, int out) {
  static const char *const options[] = {"peers",
                                        "--log=root.thres:critical",
                                        "--cfg=contexts/stack-size:16",
                                        "--cfg=contexts/guard-size:0",
                                        "--cfg=network/model:CM02", /* from here on: plain sharing */
                                        "--cfg=network/TCP-gamma:0",
                                        "--cfg=network/crosstraffic:0",
                                        "--cfg=network/latency-factor:1",
                                        "--cfg=network/bandwidth-factor:1",
                                        "--cfg=network/weight-S:0"};
  enum { ALL = sizeof options / sizeof *options, AS_IT_COMES = 4 };
  char *argv[ALL + 1] = {NULL};
  int argc = w.kind == FLOWS_PLAIN ? ALL : AS_IT_COMES;
  for (int i = 0; i < argc; i++)
    argv[i] = mem_strdup(options[i]);
  peer.w = w;
  peer.out = out;
  simgrid_init(&argc, argv);
  char path[] = "/tmp/rackcast-peers-XXXXXX.xml";
  int fd = mkstemps(path, 4);
  if (fd < 0)
    _exit(1);
  close(fd);
  write_platform(path, w.kind == HOLD ? 2 : w.size);
  simgrid_load_platform(path);
  unlink(path);
  if (w.kind == HOLD)
    start_sleepers();
  else
    start_senders();
  simgrid_run();
  _exit(1); /* an actor answers before the end */
}

static struct result on_peer(struct work w) {
  struct result r = {NAN, NAN};
  int pipe_fd[2];
  if (pipe(pipe_fd) != 0)
    return r;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(pipe_fd[0]);
    run_peer(w, pipe_fd[1]);
  }
  close(pipe_fd[1]);
  if (read(pipe_fd[0], &r, sizeof r) != (ssize_t)sizeof r)
    r = (struct result){NAN, NAN};
  close(pipe_fd[0]);
  while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
  return r;
}

static struct result on_us(struct work w) {
  struct result r = {0, 0};
  r.rate = w.kind == HOLD ? model_hold(w.size, w.amount) : model_flows((uint32_t)w.size, w.amount, &r.end_s);
  return r;
}

enum { REPEATS = 3 };

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *x) {
  qsort(x, REPEATS, sizeof *x, compare);
  return x[REPEATS / 2];
}

static void print_comparison(struct work w, double us, double peer_rate, double end_ratio) {
  const char *suffix = w.kind == FLOWS_PLAIN ? "_plain" : "";
  printf("%s%s %.6g %s\n%s_simgrid%s %.6g %s\n%s%s_ratio %.3g 1\n", w.name, suffix, us, w.unit, w.name, suffix,
         peer_rate, w.unit, w.name, suffix, us / peer_rate);
  if (w.kind == FLOWS_PLAIN)
    printf("%s_plain_end_ratio %.9g 1\n", w.name, end_ratio);
}

int main(void) {
  static const struct work list[] = {
      {"hold_1e3", "events/s", 1000, 1000000, HOLD},    {"hold_1e5", "events/s", 100000, 300000, HOLD},
      {"flows_64", "flows/s", 8, 5000, FLOWS},          {"flows_256", "flows/s", 16, 2000, FLOWS},
      {"flows_1024", "flows/s", 32, 500, FLOWS},        {"flows_64", "flows/s", 8, 20000, FLOWS_PLAIN},
      {"flows_256", "flows/s", 16, 10000, FLOWS_PLAIN}, {"flows_1024", "flows/s", 32, 5000, FLOWS_PLAIN},
  };
  enum { WORKS = sizeof list / sizeof *list };
  double ours[WORKS][REPEATS], theirs[WORKS][REPEATS], end_ratio[WORKS];
  for (int k = 0; k < REPEATS; k++)
    for (size_t i = 0; i < WORKS; i++) {
      struct result us = on_us(list[i]), them = on_peer(list[i]);
      ours[i][k] = us.rate;
      theirs[i][k] = them.rate;
      end_ratio[i] = us.end_s / them.end_s;
    }
  for (size_t i = 0; i < WORKS; i++)
    print_comparison(list[i], median(ours[i]), median(theirs[i]), end_ratio[i]);
  return EXIT_SUCCESS;
}
