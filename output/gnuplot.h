/* Running gnuplot on a script. */
#ifndef OUTPUT_GNUPLOT_H
#define OUTPUT_GNUPLOT_H
#include <stddef.h>

enum gnuplot_result { GNUPLOT_DONE, GNUPLOT_MISSING, GNUPLOT_FAILED };

/* Runs `gnuplot script` in directory `dir`, without the user's start-up files and without a display. On GNUPLOT_FAILED
 * why[size] holds what it said. */
enum gnuplot_result gnuplot_run(const char *dir, const char *script, char *why, size_t size);
#endif
