// SPDX-License-Identifier: Apache-2.0
//
// Feeds arbitrary broker output to the CRabbitMQ target: with libFuzzer as a fuzzer (`Scripts/fuzz MINUTES`),
// without it as a program that replays files (`Scripts/fuzz --replay`).
//
// An input is a byte of flags and the server's output. The server sends all of it at once and then nothing more.
// The client opens a connection, does what the flags select, and steps until the connection is closed. It reads
// every byte of every event, so that the address sanitizer checks each access.

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "CRabbitMQ.h"

enum {
  HANDSHAKE = 1,  // a valid log-in precedes the input
  PUBLISHER = 2,  // the client selects publisher confirms and publishes
  CONSUMER = 4,   // the client consumes and settles the deliveries
  FRAMED = 8,     // the input is split into frames with valid lengths and frame ends
  SMALL = 16,     // bodies are limited to 16 bytes
  TOPOLOGY = 32,  // the client declares topology; the input contains the replies
  DRIBBLE = 64,   // the server sends in small pieces
};

// MARK: The server's output

typedef struct {
  uint8_t bytes[1 << 18];
  size_t count;
  bool dribble;
} speech;

static speech said;

static void say(const void *bytes, size_t count) {
  if (count > sizeof said.bytes - said.count) count = sizeof said.bytes - said.count;
  memcpy(said.bytes + said.count, bytes, count);
  said.count += count;
}

static void say_frame(uint8_t type, uint16_t channel, const void *payload, size_t count) {
  uint8_t head[7] = {type, channel >> 8, channel & 255, count >> 24 & 255, count >> 16 & 255, count >> 8 & 255,
                     count & 255};
  say(head, sizeof head);
  say(payload, count);
  say("\xCE", 1);
}

#define SAY_METHOD(channel, ...)                       \
  do {                                                 \
    const uint8_t method[] = {__VA_ARGS__};            \
    say_frame(1, channel, method, sizeof method);      \
  } while (0)

static void say_handshake(uint8_t flags) {
  // start: version 0-9, no properties, "PLAIN", "en_US"; tune: 2047 channels, 128 KiB, no heartbeat; both open-oks.
  SAY_METHOD(0, 0, 10, 0, 10, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, 'P', 'L', 'A', 'I', 'N', 0, 0, 0, 5, 'e', 'n', '_', 'U',
             'S');
  SAY_METHOD(0, 0, 10, 0, 30, 7, 255, 0, 2, 0, 0, 0, 0);
  SAY_METHOD(0, 0, 10, 0, 41, 0);
  SAY_METHOD(1, 0, 20, 0, 11, 0, 0, 0, 0);
  if (flags & PUBLISHER) SAY_METHOD(1, 0, 85, 0, 11);
  if (flags & CONSUMER) {
    SAY_METHOD(1, 0, 60, 0, 11);
    SAY_METHOD(1, 0, 60, 0, 21, 4, 'f', 'u', 'z', 'z');
  }
}

/// Two bytes contain a frame's type, channel and length, in that order from the highest bit; its payload follows.
static void say_framed(const uint8_t *bytes, size_t count) {
  static const uint8_t types[4] = {1, 2, 3, 8};
  while (count >= 2) {
    size_t length = (size_t)(bytes[0] & 31) << 8 | bytes[1];
    uint8_t type = types[bytes[0] >> 6];
    uint16_t channel = bytes[0] >> 5 & 1;
    bytes += 2;
    count -= 2;
    if (length > count) length = count;
    say_frame(type, channel, bytes, length);
    bytes += length;
    count -= length;
  }
}

// MARK: The server

static int listener = -1;
static uint16_t port;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void serve_one(int client) {
  pthread_mutex_lock(&lock);
  size_t piece = said.dribble ? 7 : said.count;
  for (size_t at = 0; at < said.count;) {
    size_t count = said.count - at < piece ? said.count - at : piece;
    ssize_t sent = send(client, said.bytes + at, count, MSG_NOSIGNAL);
    if (sent <= 0) break;
    at += (size_t)sent;
  }
  pthread_mutex_unlock(&lock);
  shutdown(client, SHUT_WR);
  char ignored[65536];
  while (recv(client, ignored, sizeof ignored, 0) > 0) continue;
  close(client);
}

static void *serve(void *unused) {
  (void)unused;
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client >= 0) serve_one(client);
  }
  return NULL;
}

static void start_server(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  pthread_t thread;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
      pthread_create(&thread, NULL, serve, NULL) != 0) {
    perror("cannot start the fake server");
    exit(2);
  }
  pthread_detach(thread);
  port = ntohs(address.sin_port);
}

// MARK: The client

typedef struct {
  uint64_t tags[64];
  size_t count;
  uint64_t sum;
} seen;

static void touch(seen *s, crmq_bytes bytes) {
  for (size_t i = 0; i < bytes.count; i++) s->sum += bytes.pointer[i];
}

static void on_event(void *context, const crmq_event *event) {
  seen *s = context;
  const crmq_properties *p = &event->properties;
  const crmq_bytes all[] = {event->text,      event->exchange,     event->routing_key, event->consumer_tag,
                            event->body,      p->content_type,     p->content_encoding, p->correlation_id,
                            p->reply_to,      p->expiration,       p->message_id,      p->type,
                            p->user_id,       p->app_id};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) touch(s, all[i]);
  for (size_t i = 0; i < p->header_count; i++) {
    touch(s, p->headers[i].name);
    touch(s, p->headers[i].bytes);
    s->sum += (uint64_t)p->headers[i].integer;
  }
  if (event->kind == CRMQ_EVENT_DELIVERED && s->count < 64) s->tags[s->count++] = event->tag;
}

static crmq_bytes text(const char *text) {
  return (crmq_bytes){.pointer = (const uint8_t *)text, .count = strlen(text)};
}

static void publish(crmq_connection *c) {
  crmq_field header = {.name = text("subject"), .kind = CRMQ_TEXT, .bytes = text("ada")};
  crmq_message message = {.exchange = text("x"), .routing_key = text("a.b"), .body = text("{}"), .mandatory = true};
  message.properties.message_id = text("id");
  message.properties.headers = &header;
  message.properties.header_count = 1;
  uint64_t tag = 0;
  crmq_publish(c, &message, &tag);
}

static void declare_all(crmq_connection *c) {
  uint32_t messages = 0;
  if (crmq_declare_exchange(c, "x", "topic", false, NULL, 0) != CRMQ_OK) return;
  if (crmq_declare_queue(c, "q", false, NULL, 0, &messages) != CRMQ_OK) return;
  if (crmq_bind_queue(c, "q", "x", "#") != CRMQ_OK) return;
  if (crmq_unbind_queue(c, "q", "x", "#") != CRMQ_OK) return;
  if (crmq_delete_queue(c, "q") != CRMQ_OK) return;
  crmq_delete_exchange(c, "x");
}

static void use(crmq_connection *c, uint8_t flags) {
  seen s = {.count = 0};
  if (flags & TOPOLOGY) declare_all(c);
  if (flags & PUBLISHER && crmq_select_confirms(c) != CRMQ_OK) return;
  if (flags & CONSUMER && crmq_consume(c, "q", "fuzz", 16, NULL, 0) != CRMQ_OK) return;
  for (int i = 0; i < 64; i++) {
    if (flags & PUBLISHER) publish(c);
    if (crmq_step(c, 100, false, on_event, &s) != CRMQ_OK) break;
    while (s.count > 0) {
      uint64_t tag = s.tags[--s.count];
      if (tag & 1) crmq_ack(c, tag, tag & 2); else crmq_nack(c, tag, tag & 2, tag & 4);
    }
    if (i == 2) crmq_get(c, "q");
    if (i == 3) crmq_cancel(c, "fuzz");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint32_t turn;
  if (size == 0) return 0;
  if (listener < 0) start_server();
  uint8_t flags = data[0];
  pthread_mutex_lock(&lock);
  said.count = 0;
  said.dribble = flags & DRIBBLE;
  if (flags & HANDSHAKE) say_handshake(flags);
  if (flags & FRAMED) say_framed(data + 1, size - 1); else say(data + 1, size - 1);
  pthread_mutex_unlock(&lock);

  crmq_connection *c = crmq_new();
  if (!c) return 0;
  crmq_set_number(c, CRMQ_CONNECT_TIMEOUT, 2000);
  crmq_set_number(c, CRMQ_ANSWER_TIMEOUT, 1000);
  crmq_set_number(c, CRMQ_BODY_LIMIT, flags & SMALL ? 16 : 1 << 20);
  // Another loopback address each time, since closed connections keep their port in TIME_WAIT for a minute.
  char host[32];
  turn++;
  snprintf(host, sizeof host, "127.%u.%u.1", turn >> 8 & 127, turn & 255);
  if (crmq_open(c, host, port) == CRMQ_OK) use(c, flags);
  (void)strlen(crmq_fault_text(c));
  crmq_close(c, 0);
  crmq_free(c);
  return 0;
}

#ifdef REPLAY
int main(int count, char **paths) {
  static uint8_t bytes[1 << 18];
  for (int i = 1; i < count; i++) {
    FILE *file = fopen(paths[i], "rb");
    if (!file) {
      perror(paths[i]);
      return 2;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
  }
  printf("replayed %d inputs\n", count - 1);
  return 0;
}
#endif
