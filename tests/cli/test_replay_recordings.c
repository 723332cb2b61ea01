/* Real recordings replay from end to end. They are no part of the project: the folder is named by
 * WEIR_RECORDINGS or lies beside the source; without it there is nothing to test. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *recordings(void) {
    const char *named = getenv("WEIR_RECORDINGS");
    return named ? named : WEIR_RECORDINGS_BESIDE;
}

static void replays(const char *path) {
    char *text = WEIR_OUT("replay", path, "--policy", "current", "--format", "json");
    json_t *document = parse_document(text, path);
    print_message("%s: %.0f liquidations, %.0f opportunities, %.0f captures\n", path,
                  metric(document, "trace_liquidations"), metric(document, "opportunities"),
                  metric(document, "captures"));
    assert_true(metric(document, "trace_liquidations") > 0.0);
    assert_true(metric(document, "captures") <= metric(document, "opportunities"));
    json_decref(document);
    free(text);
}

static void every_recording_replays(void **state) {
    (void)state;
    DIR *entries = opendir(recordings());
    if (!entries) {
        skip();
        return;
    }
    size_t count = 0;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        const size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".csv") == 0) {
            char path[1024];
            snprintf(path, sizeof path, "%s/%s", recordings(), entry->d_name);
            replays(path);
            count++;
        }
    }
    closedir(entries);
    if (count == 0) {
        skip();
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(every_recording_replays)};

int main(void) {
    return cmocka_run_group_tests(tests, NULL, NULL);
}
