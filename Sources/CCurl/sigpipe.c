// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <time.h>

sigset_t ccurl_hold_sigpipe(void) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  return before;
}

void ccurl_release_sigpipe(sigset_t before) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
#if defined(__linux__)
  const struct timespec now = {0};
  while (sigtimedwait(&pipe, NULL, &now) > 0) {
  }
#else
  int taken = 0;
  sigset_t pending;
  while (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1 && sigwait(&pipe, &taken) == 0) {
  }
#endif
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}
