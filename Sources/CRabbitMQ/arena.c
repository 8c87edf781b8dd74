// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define BLOCK_SIZE 4096

struct crmq_arena_block {
  crmq_arena_block *next;
  size_t used;
  size_t size;
  _Alignas(max_align_t) uint8_t bytes[];
};

void *crmq_arena_take(crmq_arena *arena, size_t size) {
  const size_t unit = _Alignof(max_align_t);
  if (size > SIZE_MAX / 2) return NULL;
  size = (size + unit - 1) / unit * unit;
  crmq_arena_block *block = arena->first;
  if (!block || block->size - block->used < size) {
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    block = malloc(sizeof *block + room);
    if (!block) return NULL;
    *block = (crmq_arena_block){.next = arena->first, .size = room};
    arena->first = block;
  }
  void *taken = block->bytes + block->used;
  block->used += size;
  return taken;
}

bool crmq_arena_copy(crmq_arena *arena, amqp_bytes_t from, crmq_bytes *to) {
  // At least one byte: an empty text has a pointer, an absent one has none.
  uint8_t *copy = crmq_arena_take(arena, from.len ? from.len : 1);
  if (!copy) return false;
  if (from.len) memcpy(copy, from.bytes, from.len);
  *to = (crmq_bytes){.pointer = copy, .count = from.len};
  return true;
}

void crmq_arena_reset(crmq_arena *arena) {
  crmq_arena_block *block = arena->first;
  if (!block) return;
  while (block->next) {
    crmq_arena_block *next = block->next;
    free(block);
    block = next;
  }
  // The oldest block is the last of the list; a huge one is released.
  block->used = 0;
  arena->first = block;
  if (block->size > 16 * BLOCK_SIZE) crmq_arena_release(arena);
}

void crmq_arena_release(crmq_arena *arena) {
  crmq_arena_block *block = arena->first;
  while (block) {
    crmq_arena_block *next = block->next;
    free(block);
    block = next;
  }
  arena->first = NULL;
}
