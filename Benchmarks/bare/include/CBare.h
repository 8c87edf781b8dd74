// SPDX-License-Identifier: Apache-2.0
//
// What librabbitmq does at its barest: the loops that `Scripts/bench` compares the library with. They keep the
// same promises (confirms counted one by one and in bulk, acknowledgement after the callback) and nothing else:
// no reconnecting, no time limits, no copies but the body's.

#ifndef CBARE_H
#define CBARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Where to connect to, and what to talk about there.
typedef struct {
  const char *host;
  int port;
  const char *exchange;
  const char *routing_key;
  const char *queue;
} bare_target;

/// One message, again and again: the bytes at the offsets are written anew for each.
typedef struct {
  char *body;
  size_t body_size;
  size_t id_offset;       // 36 bytes: a UUID
  size_t subject_offset;  // 8 bytes: digits
  unsigned subjects;      // how many different ones
  const char *type;
  const char *content_type;
  const char *app_id;
  const char *correlation_id;
  const char *subject;    // the header's text; its last 8 bytes are written anew
} bare_message;

/// What a loop has taken: by the wall's clock and of the processor, from the first message to the last.
typedef struct {
  double seconds;
  double cpu_seconds;
  uint64_t returned;
  uint64_t nacked;
  char fault[256];
} bare_result;

/// Publishes persistent and mandatory, at most `window` without a confirm, and returns when all are confirmed.
///
/// `run` makes the ids of different calls different. `rate` messages a second; 0 is as fast as it goes.
/// `sent` is told the number of each message just before it is sent; it may be NULL.
bool bare_publish(const bare_target *target, bare_message *message, uint64_t run, uint64_t count, unsigned window,
                  double rate, void (*sent)(void *context, uint64_t number), void *context, bare_result *result);

/// Consumes until `count` messages were given to `handler`, acknowledges `batch` at a time and what is left when
/// nothing more has come, and returns when all are acknowledged. `ready` is told when the queue is consumed;
/// either may be NULL.
bool bare_consume(const bare_target *target, uint64_t count, unsigned prefetch, unsigned batch,
                  void (*ready)(void *context), void (*handler)(void *context, const uint8_t *body, size_t size),
                  void *context, bare_result *result);

/// Throws away what is ready in the queue.
bool bare_purge(const bare_target *target, bare_result *result);

/// Makes the kernel end this process when the one that started it ends.
void bare_end_with_parent(void);

/// Nanoseconds of a clock that all processes of the machine share.
uint64_t bare_now(void);

/// Processor time that this process has used, in seconds.
double bare_cpu(void);

/// librabbitmq's version, as text.
const char *bare_library_version(void);

#endif
