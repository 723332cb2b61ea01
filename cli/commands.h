#ifndef WEIR_CLI_COMMANDS_H
#define WEIR_CLI_COMMANDS_H

/**
 * The subcommands of `weir`. Each takes its own arguments (argv[0] is the subcommand's name) and
 * returns an exit code.
 */

/** Exit codes, the same for every subcommand. */
enum weir_exit {
    WEIR_EXIT_DONE = 0,
    WEIR_EXIT_FAILED = 1,
    WEIR_EXIT_WRONG_USE = 2,
    WEIR_EXIT_BAD_INPUT = 3,
    WEIR_EXIT_GATE = 4,
    WEIR_EXIT_INCOMPLETE = 5
};

int weir_command_replay(int argc, char **argv);
int weir_command_compare(int argc, char **argv);
int weir_command_calibrate(int argc, char **argv);
int weir_command_report(int argc, char **argv);
int weir_command_bench(int argc, char **argv);
int weir_command_policies(int argc, char **argv);
int weir_command_scenario(int argc, char **argv);
int weir_command_tune(int argc, char **argv);
int weir_command_trace(int argc, char **argv);
int weir_command_live(int argc, char **argv);
int weir_command_serve(int argc, char **argv);
int weir_command_record(int argc, char **argv);

#endif
