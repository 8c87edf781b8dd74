// SPDX-License-Identifier: Apache-2.0
#include "CBare.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// One direction of a connection: what is read is written after a pause.
typedef struct {
  int from, to;
  unsigned microseconds;
} direction;

typedef struct {
  int listener;
  uint16_t server;
  unsigned microseconds;
} proxy;

static void *pass_on(void *argument) {
  direction way = *(direction *)argument;
  free(argument);
  struct timespec pause = {way.microseconds / 1000000, (long)(way.microseconds % 1000000) * 1000};
  char bytes[65536];
  ssize_t count;
  while ((count = read(way.from, bytes, sizeof bytes)) > 0) {
    nanosleep(&pause, NULL);
    for (ssize_t done = 0; done < count;) {
      ssize_t more = write(way.to, bytes + done, (size_t)(count - done));
      if (more <= 0) goto end;
      done += more;
    }
  }
end:
  shutdown(way.from, SHUT_RDWR);
  shutdown(way.to, SHUT_RDWR);
  return NULL;
}

static void start(int from, int to, unsigned microseconds) {
  int on = 1;
  setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  direction *way = malloc(sizeof *way);
  pthread_t thread;
  if (!way) return;
  *way = (direction){from, to, microseconds};
  if (pthread_create(&thread, NULL, pass_on, way) == 0) {
    pthread_detach(thread);
  } else {
    free(way);
  }
}

static void *accept_all(void *argument) {
  proxy all = *(proxy *)argument;
  free(argument);
  int client;
  while ((client = accept(all.listener, NULL, NULL)) >= 0) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(all.server)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
      if (server >= 0) close(server);
      close(client);
      continue;
    }
    start(client, server, all.microseconds);
    start(server, client, all.microseconds);
  }
  close(all.listener);
  return NULL;
}

int bare_delay(uint16_t server, unsigned microseconds, uint16_t *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  proxy *all = malloc(sizeof *all);
  pthread_t thread;
  if (listener < 0 || !all || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 128) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    goto failed;
  }
  *port = ntohs(address.sin_port);
  *all = (proxy){listener, server, microseconds};
  if (pthread_create(&thread, NULL, accept_all, all) != 0) goto failed;
  pthread_detach(thread);
  return listener;
failed:
  free(all);
  if (listener >= 0) close(listener);
  return -1;
}
