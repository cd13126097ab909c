/* The max-min fluid solver under random traffic (bench/models.h). */
#include "bench/bench.h"
#include "bench/models.h"

static double flows_64(void) {
  return model_flows(8, 100000, NULL);
}
static double flows_256(void) {
  return model_flows(16, 50000, NULL);
}
static double flows_1024(void) {
  return model_flows(32, 30000, NULL);
}

int main(void) {
  static const struct bench list[] = {
      {"flows_64", "flows/s", flows_64}, {"flows_256", "flows/s", flows_256}, {"flows_1024", "flows/s", flows_1024}};
  return bench_main(list, sizeof list / sizeof *list, 5);
}
