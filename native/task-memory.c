/*
 * Looks at the memory of tasks, as told in task-memory.h.
 *
 * The processes of a task are its descendants, and orphans of its session with theirs. What several processes share must
 * not count several times, as in workers that were forked after the data was loaded: so it is the sum of their PSS, in which
 * each page counts 1/n for n processes that have it. PSS is dear, since the kernel goes through the page tables for it; the
 * resident sizes are not, and their sum is never smaller. So PSS is read only when that sum is above what is known.
 */

#define _GNU_SOURCE
#include "task-memory.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "helper.h"

struct pids {
  pid_t *list;
  size_t count, room;
};

static void add_pid(struct pids *pids, pid_t pid) {
  if (pids->count == pids->room) {
    pids->room = pids->room * 2 + 64;
    pids->list = allocate(pids->list, pids->room * sizeof *pids->list);
  }
  pids->list[pids->count++] = pid;
}

/* Reads a small file of /proc whole. Returns its length, with a NUL after it; -1 with errno set. */
static ssize_t read_proc(const char *path, char *into, size_t room) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, into, room - 1);
  close(fd);
  if (length >= 0) into[length] = '\0';
  return length;
}

bool read_process_stat(pid_t pid, struct process_stat *stat) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (read_proc(path, text, sizeof text) <= 0) return false;
  const char *after_name = strrchr(text, ')'); /* a process may have ") R 1" in its name */
  int parent, session;
  unsigned long minor, major;
  if (after_name == NULL || sscanf(after_name, ") %*c %d %*d %d %*d %*d %*u %*u %lu %*u %lu", &parent, &session, &minor, &major) != 4)
    return false;
  *stat = (struct process_stat){parent, session, (uint64_t)minor + major};
  return true;
}

int children_of(pid_t pid, pid_t thread, const pid_t **list) {
  static struct bytes text;
  static struct pids found;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)thread);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  text.length = found.count = 0;
  for (ssize_t n = 1; n > 0;) {
    make_room(&text, 4096);
    n = read(fd, text.data + text.length, text.room - text.length - 1);
    if (n > 0) text.length += (size_t)n;
  }
  close(fd);
  text.data[text.length] = '\0';
  for (char *at = text.data, *end;; at = end) {
    long child = strtol(at, &end, 10);
    if (end == at) break;
    add_pid(&found, (pid_t)child);
  }
  *list = found.list;
  return (int)found.count;
}

/* ---- Who belongs to a task ---- */

static bool children_are_told;

/* Adds the descendants of those from `from` on. */
static void add_descendants(struct pids *pids, size_t from) {
  for (size_t i = from; i < pids->count; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pids->list[i]);
    DIR *threads = opendir(path);
    if (threads == NULL) continue; /* it is gone */
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;) {
      if (entry->d_name[0] == '.') continue;
      const pid_t *children;
      int count = children_of(pids->list[i], atoi(entry->d_name), &children);
      for (int child = 0; child < count; child++) add_pid(pids, children[child]);
    }
    closedir(threads);
  }
}

/* For kernels that do not tell the children of a process: by the parents of all, which costs more. */
static void add_by_search(struct pids *pids, pid_t task) {
  static struct pids all, parents, sessions;
  all.count = parents.count = sessions.count = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    struct process_stat stat;
    pid_t pid = atoi(entry->d_name);
    if (pid <= 0 || pid == task || !read_process_stat(pid, &stat)) continue;
    add_pid(&all, pid);
    add_pid(&parents, stat.parent);
    add_pid(&sessions, stat.session);
  }
  closedir(proc);
  for (size_t i = 0; i < all.count; i++) {
    if (sessions.list[i] == task) add_pid(pids, all.list[i]);
  }
  /* Those in the session are known; a descendant may have left it. */
  for (size_t at = 0; at < pids->count; at++) {
    for (size_t i = 0; i < all.count; i++) {
      if (parents.list[i] == pids->list[at] && sessions.list[i] != task) add_pid(pids, all.list[i]);
    }
  }
}

static void find_processes(struct pids *pids, const struct look *look, const int32_t *orphans) {
  pids->count = 0;
  add_pid(pids, look->pid);
  if (!children_are_told) {
    add_by_search(pids, look->pid);
    return;
  }
  add_descendants(pids, 0);
  for (uint32_t i = 0; i < look->orphans; i++) {
    struct process_stat stat;
    if (!read_process_stat(orphans[i], &stat) || stat.session != look->pid) continue;
    size_t from = pids->count;
    add_pid(pids, orphans[i]);
    add_descendants(pids, from);
  }
}

/* ---- What they have ---- */

/* Resident bytes; 0 of one that is gone, or a zombie. */
static uint64_t resident(pid_t pid) {
  static uint64_t page;
  if (page == 0) page = (uint64_t)sysconf(_SC_PAGESIZE);
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
  unsigned long pages;
  return read_proc(path, text, sizeof text) > 0 && sscanf(text, "%*u %lu", &pages) == 1 ? pages * page : 0;
}

/* Bytes of PSS; 0 of one that is ending; where PSS is not to be known, `otherwise`. */
static uint64_t proportional(pid_t pid, uint64_t otherwise) {
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
  if (read_proc(path, text, sizeof text) <= 0) return resident(pid) == 0 ? 0 : otherwise;
  const char *line = strstr(text, "\nPss:");
  unsigned long kib;
  return line != NULL && sscanf(line, "\nPss: %lu", &kib) == 1 ? (uint64_t)kib * 1024 : otherwise;
}

/* Whether two processes are one memory, as a process and a child that has not become its program yet (vfork). */
static bool share_all(pid_t one, pid_t other) {
#ifdef SYS_kcmp
  enum { KCMP_VM_ = 1 };
  return syscall(SYS_kcmp, one, other, KCMP_VM_, 0, 0) == 0;
#else
  (void)one, (void)other;
  return false;
#endif
}

static bool counted_before(const struct pids *pids, const uint64_t *sizes, size_t at) {
  for (size_t i = 0; i < at; i++) {
    uint64_t apart = sizes[i] > sizes[at] ? sizes[i] - sizes[at] : sizes[at] - sizes[i];
    if (apart <= sizes[at] / 8 && share_all(pids->list[i], pids->list[at])) return true;
  }
  return false;
}

static uint64_t cpu_us(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static struct reply look_at(const struct look *look, const int32_t *orphans) {
  static struct pids pids;
  static uint64_t *sizes;
  static size_t room;
  find_processes(&pids, look, orphans);
  if (pids.count > room) {
    room = pids.room;
    sizes = allocate(sizes, room * sizeof *sizes);
  }
  struct reply reply = {.error = look->pid};
  for (size_t i = 0; i < pids.count; i++) {
    sizes[i] = resident(pids.list[i]);
    reply.together += sizes[i];
    if (sizes[i] > reply.largest) reply.largest = sizes[i];
  }
  reply.processes = (uint32_t)pids.count;
  if (pids.count > 1 && reply.together > look->known) {
    reply.together = 0;
    for (size_t i = 0; i < pids.count; i++) {
      if (sizes[i] > 0 && !counted_before(&pids, sizes, i)) reply.together += proportional(pids.list[i], sizes[i]);
    }
  }
  return reply;
}

_Noreturn void serve_task_memory(int socket) {
  const pid_t *any;
  children_are_told = children_of(getpid(), getpid(), &any) >= 0;
  for (;;) {
    char *data;
    struct job job = next_job(socket, &data);
    uint64_t before = cpu_us();
    struct look look;
    memcpy(&look, data, sizeof look);
    static struct bytes orphans;
    orphans.length = 0;
    append(&orphans, data + sizeof look, job.length - sizeof look); /* where they are aligned */
    struct reply reply = look_at(&look, (const int32_t *)(void *)orphans.data);
    reply.type = job.type;
    reply.key = job.key;
    reply.cost_us = cpu_us() - before;
    put_reply(reply);
  }
}
