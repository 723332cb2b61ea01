#ifndef WEIR_CLI_BENCH_COMMAND_H
#define WEIR_CLI_BENCH_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/** The subcommands of `weir bench`; argv[0] is the subcommand's name. Each returns an exit code. */
int weir_bench_run(int argc, char **argv);
int weir_bench_gate(int argc, char **argv);
int weir_bench_accept_result(int argc, char **argv);
int weir_bench_export(int argc, char **argv);
int weir_bench_history(int argc, char **argv);
int weir_bench_selftest(int argc, char **argv);
int weir_bench_micro(int argc, char **argv);

/** Path of the command that is running. False after a complaint. */
bool weir_own_path(char *path, size_t size);

/** Takes the single argument that is no option, which stands for `what`; NULL after a complaint. */
const char *weir_single_argument(int argc, char **argv, const char *what);

/** Whether the path is a program that can be run; complains if not. */
bool weir_can_run(const char *option, const char *path);

#endif
