/* CSV of any length a chunk at a time, for readers that are asked for row after row. The same rows and fields as libcsv in its strict mode gives (blanks around a field that is
 * not quoted dropped, empty lines skipped), but text without quotes, which is most of what there is to read fast, is split in place at a fifth of the cost; from the chunk
 * with the first quote on libcsv reads the rest. */
#ifndef BASE_CSV_FEED_H
#define BASE_CSV_FEED_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CSV_FEED_FIELDS = 16, CSV_FEED_TEXT = 64 };
struct csv_feed;
/* field: the first CSV_FEED_FIELDS of n, cut to CSV_FEED_TEXT - 1 characters, valid during the call. */
typedef void (*csv_feed_fn)(void *ctx, const char *const *field, size_t n);
struct csv_feed *csv_feed_create(FILE *file, csv_feed_fn row, void *ctx);
void csv_feed_destroy(struct csv_feed *f); /* NULL is fine */
/* Reads a chunk and hands its rows out; *ret_bytes: read, *ret_end: no more to come. False: unreadable or malformed, as csv_feed_error says. */
bool csv_feed_chunk(struct csv_feed *f, size_t *ret_bytes, bool *ret_end);
const char *csv_feed_error(struct csv_feed *f);
#endif
