/*
 * How much memory the processes of a task have, by looks at /proc: the job of a helper, and what the launcher itself asks
 * of /proc.
 *
 * Not by cgroups: most users may make none, and memory.peak of one counts the page cache, so that a task that reads a big
 * file would seem to need as much memory.
 */

#ifndef TASK_MEMORY_H
#define TASK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A look at one task; `key` is its lane. The data is a struct look and then the process ids of `orphans`, of whichever task.
 * Reply: `error` is the task's process id; `processes`, how many there are; `largest`, bytes of the largest; `together`,
 * bytes of all of them, what they share counted once; `cost_us`, what the look has cost.
 */
enum { MEMORY_LOOK = 5 };

struct look {
  int32_t pid;
  uint32_t orphans;
  uint64_t known; /* bytes: an exact sum that is not above this is of no interest */
};

_Noreturn void serve_task_memory(int socket);

/* What /proc says of a process, zombies included. */
struct process_stat {
  pid_t parent, session;
  uint64_t child_faults; /* page faults of children that it has waited for */
};

/* False when there is no such process. */
bool read_process_stat(pid_t pid, struct process_stat *stat);

/* The processes whose parent is that thread. Returns how many, or -1 when /proc does not tell. The list is valid until the next call. */
int children_of(pid_t pid, pid_t thread, const pid_t **list);

#endif
