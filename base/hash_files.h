/* Hashes of what files hold, so that a result knows its inputs. */
#ifndef BASE_HASH_FILES_H
#define BASE_HASH_FILES_H
#include <stdint.h>

uint64_t hash_file(uint64_t seed, const char *path); /* of the content; the seed as it is when there is nothing to read */
/* Of the *.csv and *.json files of a directory (not of those below it): their names and contents, in the order of their names. */
uint64_t hash_tables(uint64_t seed, const char *dir);
#endif
