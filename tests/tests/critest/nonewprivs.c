/* Says as whom it runs. In its image it belongs to root and is set-user-ID, so that this tells whether it could gain privileges. */
#include <stdio.h>
#include <unistd.h>

int main(void) {
    printf("Effective uid: %d\n", (int)geteuid());
    return 0;
}
