/* The smallest program that speaks the protocol: it sends everything. What weir policies --measure
 * says of it is what the pipe costs.   cc -O2 -o always_send always_send.c */
#include <stdio.h>
#include <string.h>

int main(void) {
    static char line[1 << 17];
    while (fgets(line, sizeof line, stdin)) {
        puts(strncmp(line, "{\"call\":\"hello\"", 15) == 0
                 ? "{\"protocol\": 1, \"settle_later\": true}"
             : strncmp(line, "{\"call\":\"submit\"", 16) == 0 ? "{\"answer\": \"send\"}"
                                                              : "{}");
        fflush(stdout);
    }
    return 0;
}
