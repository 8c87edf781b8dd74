// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONGEST_TIMEOUT 86400000

ccurl_transfer *ccurl_transfer_new(void) {
  ccurl_transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer) return NULL;
  transfer->connect_timeout_ms = 10000;
  transfer->total_timeout_ms = 60000;
  transfer->body_limit = 1 << 20;
  return transfer;
}

static void drop_text(char *text) {
  ccurl_wipe(text);
  free(text);
}

static void drop_buffer(ccurl_buffer *buffer) {
  for (size_t i = 0; i < buffer->count; i++) ((volatile char *)buffer->bytes)[i] = 0;
  free(buffer->bytes);
}

void ccurl_transfer_free(ccurl_transfer *transfer) {
  if (transfer->multi) curl_multi_remove_handle(transfer->multi, transfer->easy);
  if (transfer->easy) curl_easy_cleanup(transfer->easy);
  drop_text(transfer->url);
  drop_text(transfer->method);
  drop_text(transfer->ca_file);
  drop_text(transfer->proxy);
  drop_text(transfer->proxy_user);
  drop_text(transfer->proxy_password);
  for (struct curl_slist *line = transfer->headers; line; line = line->next) ccurl_wipe(line->data);
  curl_slist_free_all(transfer->headers);
  drop_buffer(&transfer->request);
  drop_buffer(&transfer->head);
  drop_buffer(&transfer->body);
  free(transfer);
}

bool ccurl_append(ccurl_buffer *buffer, const char *bytes, size_t count) {
  if (count >= SIZE_MAX / 2 - buffer->count) return false;
  size_t needed = buffer->count + count + 1;
  if (needed > buffer->room) {
    size_t room = buffer->room * 2 > needed ? buffer->room * 2 : needed;
    char *grown = realloc(buffer->bytes, room);
    if (!grown) return false;
    buffer->bytes = grown;
    buffer->room = room;
  }
  if (count) memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
  buffer->bytes[buffer->count] = 0;
  return true;
}

// MARK: Settings

static bool is_token(const char *text) {
  if (!*text) return false;
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    bool is_word = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (!is_word && !strchr("!#$%&'*+-.^_`|~", byte)) return false;
  }
  return true;
}

// No control character and no space: such a URL or address could be sent as more than one line or word.
static bool is_address(const char *text) {
  if (!*text) return false;
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte <= 0x20 || byte == 0x7f) return false;
  }
  return true;
}

static bool is_web(const char *url) {
  return is_address(url) && (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0);
}

ccurl_status ccurl_transfer_set_text(ccurl_transfer *transfer, ccurl_transfer_text option, const char *value) {
  char **place;
  bool is_valid = true;
  switch (option) {
  case CCURL_HTTP_URL: place = &transfer->url, is_valid = is_web(value); break;
  case CCURL_HTTP_METHOD: place = &transfer->method, is_valid = is_token(value); break;
  case CCURL_HTTP_CA_FILE: place = &transfer->ca_file; break;
  case CCURL_HTTP_PROXY_ADDRESS: place = &transfer->proxy, is_valid = is_address(value); break;
  case CCURL_HTTP_PROXY_USER: place = &transfer->proxy_user; break;
  case CCURL_HTTP_PROXY_PASSWORD: place = &transfer->proxy_password; break;
  default: return CCURL_INVALID;
  }
  if (!is_valid) return CCURL_INVALID;
  char *copy = strdup(value);
  if (!copy) return CCURL_NO_MEMORY;
  drop_text(*place);
  *place = copy;
  return CCURL_OK;
}

ccurl_status ccurl_transfer_set_number(ccurl_transfer *transfer, ccurl_transfer_number option, int64_t value) {
  if (value < 0) return CCURL_INVALID;
  switch (option) {
  case CCURL_HTTP_CONNECT_TIMEOUT:
  case CCURL_HTTP_TOTAL_TIMEOUT:
    // libcurl takes 0 as its own default, which means no limit for the whole transfer.
    if (value < 1 || value > LONGEST_TIMEOUT) return CCURL_INVALID;
    if (option == CCURL_HTTP_TOTAL_TIMEOUT) transfer->total_timeout_ms = (long)value;
    else transfer->connect_timeout_ms = (long)value;
    return CCURL_OK;
  case CCURL_BODY_LIMIT:
    if (value > INT32_MAX) return CCURL_INVALID;
    transfer->body_limit = (size_t)value;
    return CCURL_OK;
  case CCURL_DISCARD_BODY: transfer->discards_body = value != 0; return CCURL_OK;
  default: return CCURL_INVALID;
  }
}

ccurl_status ccurl_transfer_add_header(ccurl_transfer *transfer, const char *name, const char *value) {
  static const char *const reserved[] = {"Content-Length", "Transfer-Encoding", "Expect"};
  if (!is_token(name)) return CCURL_INVALID;
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (strcasecmp(name, reserved[i]) == 0) return CCURL_INVALID;
  }
  bool is_blank = true;
  for (const char *text = value; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return CCURL_INVALID;
    if (byte != ' ' && byte != '\t') is_blank = false;
  }
  size_t room = strlen(name) + strlen(value) + 3;
  char *line = malloc(room);
  if (!line) return CCURL_NO_MEMORY;
  // libcurl sends "name;" as a header with an empty value, and takes "name:" as a request to omit it.
  snprintf(line, room, is_blank ? "%s;" : "%s: %s", name, value);
  struct curl_slist *longer = curl_slist_append(transfer->headers, line);
  drop_text(line);
  if (!longer) return CCURL_NO_MEMORY;
  transfer->headers = longer;
  return CCURL_OK;
}

ccurl_status ccurl_transfer_set_body(ccurl_transfer *transfer, const uint8_t *bytes, size_t count) {
  drop_buffer(&transfer->request);
  memset(&transfer->request, 0, sizeof transfer->request);
  transfer->has_body = true;
  return ccurl_append(&transfer->request, (const char *)bytes, count) ? CCURL_OK : CCURL_NO_MEMORY;
}

// MARK: Results

ccurl_http_result ccurl_transfer_result(const ccurl_transfer *transfer) { return transfer->result; }

const char *ccurl_transfer_head(const ccurl_transfer *transfer, size_t *count) {
  *count = transfer->head.count;
  return transfer->head.bytes ? transfer->head.bytes : "";
}

const uint8_t *ccurl_transfer_body(const ccurl_transfer *transfer, size_t *count) {
  *count = transfer->body.count;
  return (const uint8_t *)(transfer->body.bytes ? transfer->body.bytes : "");
}
