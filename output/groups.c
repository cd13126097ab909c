#include "output/groups.h"
#include <string.h>

/* name, label, kinds, colour: the expression below and the array come from the same lines. */
#define GROUP_LIST(X)                                                                                                  \
  X("servers", "servers, spares", "'server','spares'", "#332288")                                                      \
  X("network", "network, storage", "'fabric','storage'", "#88CCEE")                                                    \
  X("space", "racks, space", "'rack','install','colocation'", "#44AA99")                                               \
  X("energy", "energy", "'energy'", "#DDCC77")                                                                         \
  X("support", "support, licences", "'maintenance','licence','insurance'", "#999933")                                  \
  X("staff", "staff", "'staff'", "#117733")                                                                            \
  X("rent", "rent by the hour", "'rent','spot','block'", "#CC6677")                                                    \
  X("commitment", "commitments, used", "'commitment'", "#882255")                                                      \
  X("unused", "commitments, unused", "'commitment_unused'", "#AA4499")                                                 \
  X("residual", "resale at the end", "'residual'", "#777777")                                                          \
  X("other", "egress, taxes, other", "", "#DDDDDD")

#define GROUP_ROW(name, label, kinds, colour) {name, label, kinds, colour},
const struct group groups[GROUPS] = {GROUP_LIST(GROUP_ROW)};

#define GROUP_WHEN(name, label, kinds, colour) " WHEN kind IN (" kinds ") THEN '" name "'"
const char *groups_case(void) {
  return "CASE" GROUP_LIST(GROUP_WHEN) " ELSE 'other' END";
}

const struct group *groups_find(const char *name) {
  for (size_t i = 0; i < GROUPS; i++)
    if (strcmp(groups[i].name, name) == 0)
      return &groups[i];
  return &groups[GROUPS - 1];
}

const char *groups_words(void) {
  return "CASE kind WHEN 'server' THEN 'servers' WHEN 'fabric' THEN 'network' WHEN 'rack' THEN 'racks' WHEN "
         "'maintenance' THEN 'support'"
         " WHEN 'rent' THEN 'rent by the hour' WHEN 'spot' THEN 'spot capacity' WHEN 'block' THEN 'capacity blocks' "
         "WHEN 'commitment' THEN 'used commitments'"
         " WHEN 'commitment_unused' THEN 'unused commitments' WHEN 'residual' THEN 'resale at the end' ELSE "
         "replace(kind,'_',' ') END";
}
