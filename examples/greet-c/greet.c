/* A WASI preview 1 module in plain C: greets each of its arguments, in the words of its environment, and ends. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const char *greeting = getenv("GREETING");
    if (greeting == NULL) {
        greeting = "Hello";
    }
    if (argc < 2) {
        fprintf(stderr, "greet: whom? give at least one argument\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        if (printf("%s, %s!\n", greeting, argv[i]) < 0) {
            return 1;
        }
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
