#ifndef WEIR_BENCH_REPLAY_TABLES_H
#define WEIR_BENCH_REPLAY_TABLES_H

#include <stdio.h>

#include "ledger.h"

/**
 * Tables of a replay's result folder that say where its opportunities went: by minute, by cause and
 * second, by symbol. Each is made from the ledger of one run, and is false if memory is short.
 */

/** Symbols that stand for themselves in symbols.tsv; the rest is one row. */
#define WEIR_TABLE_SYMBOLS 20

/** windows.tsv: what each minute of the exchange's clock accepted, and what the bound would have
 *  captured in it. */
bool weir_windows_table(const struct weir_ledger *ledger, FILE *out);

/** causes.tsv: notional missed in each second, by what it was lost to, and the most positions that
 *  were open without a stop. */
bool weir_causes_table(const struct weir_ledger *ledger, FILE *out);

/** symbols.tsv: captured and missed notional of each symbol, the largest first. */
bool weir_symbols_table(const struct weir_ledger *ledger, FILE *out);

#endif
