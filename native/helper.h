/*
 * A helper: a process that the launcher forks off itself for what may hang in the kernel, such as writing to a file system
 * that does not answer. The launcher asks it for jobs over a socket, never waits for it, and can do without it.
 *
 * Processes rather than threads: one that hangs for good keeps neither the launcher from exiting nor its descriptors open,
 * and the launcher stays a process of one thread, as vfork likes it.
 *
 * Always true: jobs of one helper are done in the order in which they were asked for; a helper dies with its launcher; and
 * it is no child that an ordinary wait sees.
 */

#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base.h"

/* What is asked for. `length` bytes follow. */
struct job {
  uint32_t type, key, length;
};

/* What is answered; each kind of helper says which fields count. */
struct reply {
  uint32_t type, key;
  int32_t error;
  uint32_t processes;
  uint64_t together, largest, cost_us;
};

struct helper {
  pid_t pid; /* 0: there is none */
  int fd;
  struct bytes jobs;    /* what the socket has not taken yet */
  struct bytes replies; /* what has come, perhaps with a torn end */
  bool watched_for_room;
};

/* ---- In the launcher ---- */

/* Starts it; `serve` is what it runs. False with errno set when that cannot be done. */
bool helper_start(struct helper *helper, const char *name, void (*serve)(int socket));

/* Queues a job. */
void helper_ask(struct helper *helper, uint32_t type, uint32_t key, const void *data, size_t length);

/* Sends what the socket takes; false when the helper is gone. */
bool helper_send(struct helper *helper);

/* Takes in what has come; false when the helper is gone. */
bool helper_receive(struct helper *helper);

/* The next reply, if there is one. */
bool helper_reply(struct helper *helper, struct reply *reply);

/* Ends it, whatever it does. One that hangs ends when the kernel lets it. */
void helper_end(struct helper *helper);

/* ---- In the helper ---- */

/* Waits for the next job. `data`, with a NUL after it, is valid until the next call. The end of the launcher is its end too. */
struct job next_job(int socket, char **data);

/* Queues a reply. It is sent before the helper waits again. */
void put_reply(struct reply reply);

#endif
