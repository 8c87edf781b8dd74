// SPDX-License-Identifier: Apache-2.0

#ifndef BARE_INTERNAL_H
#define BARE_INTERNAL_H

// librabbitmq 0.12 moved its headers into a folder; the old headers still exist, but cause a warning.
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

#include "CBare.h"

#define BARE_CHANNEL 1

amqp_connection_state_t bare_open(const bare_target *target, bare_result *result);
void bare_close(amqp_connection_state_t connection);
bool bare_fail(bare_result *result, const char *what);
bool bare_fail_with_library(bare_result *result, const char *what, int status);
void bare_begin(bare_result *result);
void bare_end(bare_result *result);

#endif
