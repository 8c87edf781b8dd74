// SPDX-License-Identifier: Apache-2.0
//
// Minimal loops around librabbitmq, with which `Scripts/bench` compares the library. They give the same guarantees
// (single and multiple confirms, acknowledgement after the callback) and nothing else: no reconnects, no timeouts, no
// copies except the body.

#ifndef CBARE_H
#define CBARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The broker's address and the names of the exchange, the routing key and the queue.
typedef struct {
  const char *host;
  int port;
  const char *exchange;
  const char *routing_key;
  const char *queue;
} bare_target;

/// The template of all messages: the bytes at the offsets are overwritten for each message.
typedef struct {
  char *body;
  size_t body_size;
  size_t id_offset;       // 36 bytes: a UUID
  size_t subject_offset;  // 8 bytes: digits
  unsigned subjects;      // number of different subjects
  const char *type;
  const char *content_type;
  const char *app_id;
  const char *correlation_id;
  const char *subject;    // value of the header; its last 8 bytes are overwritten
} bare_message;

/// The wall-clock and processor time of a loop, from the first message to the last.
typedef struct {
  double seconds;
  double cpu_seconds;
  uint64_t returned;
  uint64_t nacked;
  char fault[256];
} bare_result;

/// Publishes persistent, mandatory messages, at most `window` of them unconfirmed, and returns when all are confirmed.
///
/// `run` distinguishes the ids of different calls. `rate` is in messages per second; 0 means as fast as possible.
/// `sent` is called with the number of each message just before it is published; it may be NULL.
bool bare_publish(const bare_target *target, bare_message *message, uint64_t run, uint64_t count, unsigned window,
                  double rate, void (*sent)(void *context, uint64_t number), void *context, bare_result *result);

/// Consumes until `handler` was called for `count` messages, and returns when all are acknowledged. Acknowledges
/// `batch` messages at a time, and fewer when no more messages are ready. `ready` is called when the consumer is registered.
/// Both callbacks may be NULL.
bool bare_consume(const bare_target *target, uint64_t count, unsigned prefetch, unsigned batch,
                  void (*ready)(void *context), void (*handler)(void *context, const uint8_t *body, size_t size),
                  void *context, bare_result *result);

/// Purges the ready messages of the queue.
bool bare_purge(const bare_target *target, bare_result *result);

/// Listens on a free loopback port and passes connections on to the loopback port `server`; what either side sends is held
/// back for `microseconds`. Returns the listening socket, to be shut down at the end; -1 on failure.
int bare_delay(uint16_t server, unsigned microseconds, uint16_t *port);

/// Makes the kernel kill this process when its parent ends.
void bare_end_with_parent(void);

/// Writes the numbers of the cores on which the calling thread may run; returns how many, at most `capacity`.
int bare_cores(int *cores, int capacity);

/// Lets a thread run on these cores only. `thread` is its number under /proc/PID/task, or 0 for the calling thread. Threads
/// and processes that it starts later inherit the cores.
bool bare_pin(int thread, const int *cores, int count);

/// The monotonic clock in nanoseconds, the same for all processes of the machine.
uint64_t bare_now(void);

/// The processor time of this process in seconds.
double bare_cpu(void);

/// librabbitmq's version as a string.
const char *bare_library_version(void);

#endif
