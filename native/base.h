/*
 * What all parts of the native launcher use: memory that grows, and the end when there is none.
 */

#ifndef BASE_H
#define BASE_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
  char *data;
  size_t length, room;
};

static inline _Noreturn void die(const char *what) {
  fprintf(stderr, "disBatch launcher: %s: %s\n", what, strerror(errno));
  exit(1);
}

static inline void *allocate(void *old, size_t size) {
  void *memory = realloc(old, size);
  if (memory == NULL) die("memory");
  return memory;
}

static inline void make_room(struct bytes *bytes, size_t more) {
  if (bytes->room - bytes->length >= more) return;
  bytes->room = (bytes->length + more) * 2;
  bytes->data = allocate(bytes->data, bytes->room);
}

static inline void append(struct bytes *bytes, const void *data, size_t length) {
  if (length == 0) return;
  make_room(bytes, length);
  memcpy(bytes->data + bytes->length, data, length);
  bytes->length += length;
}

/* Drops so many bytes from the beginning. */
static inline void drop(struct bytes *bytes, size_t length) {
  if (length == 0) return;
  memmove(bytes->data, bytes->data + length, bytes->length - length);
  bytes->length -= length;
}

#endif
