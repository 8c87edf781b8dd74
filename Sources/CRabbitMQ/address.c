// SPDX-License-Identifier: Apache-2.0
//
// Resolves a host name to addresses, in the order to try them. The process remembers, for all its connections, which
// addresses worked and which failed: those that worked come first, those that failed last. Between unknown addresses a
// seed decides, so that many processes spread over the nodes behind one name.

#define _GNU_SOURCE
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

// MARK: Memory

// More than the nodes of any cluster; the least recently used entry is replaced.
#define REMEMBERED 64

typedef struct {
  crmq_address address;
  int64_t failed;  // the value of `moments` at its last failure; 0 if it worked since
  int64_t seen;
} memory;

static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;
static memory memories[REMEMBERED];
static int64_t moments;  // a logical clock, since a real one has ties

static bool is_same(const crmq_address *a, const crmq_address *b) {
  return a->port == b->port && strcmp(a->numeric, b->numeric) == 0;
}

void crmq_remember(const crmq_address *address, bool worked) {
  pthread_mutex_lock(&memory_lock);
  memory *place = &memories[0];
  for (int i = 0; i < REMEMBERED; i++) {
    if (is_same(&memories[i].address, address)) {
      place = &memories[i];
      break;
    }
    if (memories[i].seen < place->seen) place = &memories[i];
  }
  moments++;
  *place = (memory){.address = *address, .failed = worked ? 0 : moments, .seen = moments};
  pthread_mutex_unlock(&memory_lock);
}

/// The lowest rank is tried first: addresses that worked, then unknown ones, then failed ones, oldest failure first.
static int64_t rank(const crmq_address *address) {
  for (int i = 0; i < REMEMBERED; i++) {
    if (memories[i].seen > 0 && is_same(&memories[i].address, address)) {
      return memories[i].failed == 0 ? 0 : 1 + memories[i].failed;
    }
  }
  return 1;
}

static bool is_ipv6(const crmq_address *address) { return strchr(address->numeric, ':') != NULL; }

/// The next number of SplitMix64.
static uint64_t next_number(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Shuffles each run of addresses of one family: which family comes first stays the resolver's decision.
static void shuffle(crmq_addresses *found, uint64_t seed) {
  for (int from = 0, to; from < found->count; from = to) {
    to = from + 1;
    while (to < found->count && is_ipv6(&found->list[to]) == is_ipv6(&found->list[from])) to++;
    for (int i = to - 1; i > from; i--) {
      int k = from + (int)(next_number(&seed) % (uint64_t)(i - from + 1));
      crmq_address address = found->list[k];
      found->list[k] = found->list[i];
      found->list[i] = address;
    }
  }
}

static void sort(crmq_addresses *found) {
  int64_t ranks[CRMQ_MOST_ADDRESSES];
  pthread_mutex_lock(&memory_lock);
  for (int i = 0; i < found->count; i++) ranks[i] = rank(&found->list[i]);
  pthread_mutex_unlock(&memory_lock);
  // A stable insertion sort of few elements: addresses of equal rank keep their order.
  for (int i = 1; i < found->count; i++) {
    for (int k = i; k > 0 && ranks[k] < ranks[k - 1]; k--) {
      int64_t number = ranks[k];
      ranks[k] = ranks[k - 1];
      ranks[k - 1] = number;
      crmq_address address = found->list[k];
      found->list[k] = found->list[k - 1];
      found->list[k - 1] = address;
    }
  }
}

// MARK: Name resolution

typedef struct {
  char host[256];
  char port[8];
  int flags;
  struct addrinfo *found;
  int result;
} lookup;

static void lookup_run(void *argument) {
  lookup *l = argument;
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = l->flags};
  l->result = getaddrinfo(l->host, l->port, &hints, &l->found);
}

static void lookup_free(void *argument) {
  lookup *l = argument;
  if (l->found) freeaddrinfo(l->found);
  free(l);
}

static crmq_status unresolved(crmq_connection *c) {
  return crmq_fail(c, CRMQ_NAME_UNRESOLVED, "the host name cannot be resolved");
}

/// Adds the addresses of one name, without duplicates.
static crmq_status look_up(crmq_connection *c, const char *host, uint16_t port, int flags, int64_t timeout_ms,
                           crmq_addresses *found) {
  lookup *l = calloc(1, sizeof *l);
  if (!l) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  if (strlen(host) == 0 || strlen(host) >= sizeof l->host) {
    free(l);
    return unresolved(c);
  }
  snprintf(l->host, sizeof l->host, "%s", host);
  snprintf(l->port, sizeof l->port, "%u", port);
  l->flags = flags;
  crmq_status status = crmq_run_bounded(c, lookup_run, lookup_free, l, timeout_ms);
  if (status != CRMQ_OK) return status;
  if (l->result != 0) {
    lookup_free(l);
    return unresolved(c);
  }
  for (struct addrinfo *a = l->found; a && found->count < CRMQ_MOST_ADDRESSES; a = a->ai_next) {
    crmq_address *next = &found->list[found->count];
    *next = (crmq_address){.port = port};
    if (getnameinfo(a->ai_addr, a->ai_addrlen, next->numeric, sizeof next->numeric, NULL, 0, NI_NUMERICHOST) != 0) {
      continue;
    }
    bool is_new = true;
    for (int i = 0; i < found->count; i++) is_new = is_new && !is_same(&found->list[i], next);
    if (is_new) found->count++;
  }
  lookup_free(l);
  return CRMQ_OK;
}

crmq_status crmq_resolve(crmq_connection *c, const char *host, uint16_t port, int64_t timeout_ms,
                         crmq_addresses *found) {
  found->count = 0;
  const char *given = c->texts[CRMQ_ADDRESSES];
  if (given && *given) {
    char one[CRMQ_ADDRESS_SIZE];
    for (const char *rest = given; rest; rest = strchr(rest, ',') ? strchr(rest, ',') + 1 : NULL) {
      size_t length = strcspn(rest, ",");
      if (length >= sizeof one) return unresolved(c);
      memcpy(one, rest, length);
      one[length] = 0;
      crmq_status status = look_up(c, one, port, AI_NUMERICHOST, timeout_ms, found);
      if (status != CRMQ_OK) return status;
    }
  } else {
    crmq_status status = look_up(c, host, port, AI_ADDRCONFIG, timeout_ms, found);
    if (status != CRMQ_OK) return status;
  }
  if (found->count == 0) return unresolved(c);
  if (c->numbers[CRMQ_ADDRESS_SEED]) shuffle(found, (uint64_t)c->numbers[CRMQ_ADDRESS_SEED]);
  sort(found);
  return CRMQ_OK;
}
