/*
 * /bin/sh of the images: bash, but a lone command (`sh -c ls`) it executes itself, and says why that failed without a line number.
 * critest compares what a masked `ls` says letter by letter, and no shell of Debian's has those words without also having an `ls` of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int is_lone(const char *command) {
    return *command != '\0' && strspn(command, "abcdefghijklmnopqrstuvwxyz") == strlen(command);
}

int main(int count, char **words) {
    if (count == 3 && strcmp(words[1], "-c") == 0 && is_lone(words[2])) {
        char *command[] = {words[2], NULL};
        execvp(words[2], command);
        if (errno != ENOENT) {
            fprintf(stderr, "%s: %s: %s\n", words[0], words[2], strerror(errno));
            return 126;
        }
    }
    execv("/bin/bash", words);
    perror("/bin/bash");
    return 127;
}
