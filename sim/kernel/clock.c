#include "sim/kernel/clock.h"
#include <math.h>

bool sim_time_from_s(double seconds, sim_time *ret) {
  double ns = round(seconds * 1e9);
  if (!(ns >= 0) || ns >= 0x1p63) /* the first comparison also catches NaN */
    return false;
  *ret = (sim_time)ns;
  return true;
}
