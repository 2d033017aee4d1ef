/*
 * The native launcher: starts, watches and ends the tasks of one engine. Linux, C11, no libraries.
 *
 * It is a process of its own with the engine at the other end of its standard input and output, or of a connection that it
 * makes itself. The protocol, and all that a task may rely on, is told in the header of src/engine/launcher-protocol.ts;
 * portable-launcher.ts is the other implementation. One thread and one epoll loop, so nothing here blocks except the start of
 * a process (vfork). What may hang is done by helpers (helper.h): files are written, and memory is looked at, by them.
 *
 *                    START, SIGNAL
 *                        ┌──┐
 *   HELLO ──► RUNNING ◄──┘  │ END, or the engine is gone
 *                ▲          ▼
 *                │        ENDING    TERM sent; KILL after the grace; until all tasks are reported and their groups gone
 *           DONE │          ▼
 *                └────── SWEEPING   KILL to whatever tasks left behind, until there is none  ──► exit, if the engine is gone
 *
 *   an output that is kept in a file:
 *   read ─► FILE_DATA ─► (its pipe is not watched) ─► reply ─► read …  at its end: FILE_FINISH ─► reply ─► settled
 *
 * Always true: a task is in `lanes` from its start until its ENDED frame is queued; a pipe is in epoll until its end of
 * file; a process id is only ever signalled while it is a child that has not been waited for; an output that is not settled
 * belongs to a task in `lanes`.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base.h"
#include "helper.h"
#include "result-files.h"
#include "task-memory.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The frames are little-endian and are read and written as they lie in memory."
#endif

enum { PROTOCOL_VERSION = 4, FEATURE_USAGE = 1, FEATURE_SWEEP = 2 };
enum { START_FOLLOWS = 1 };                                    /* a flag of START */
enum { USAGE_KNOWN = 1, MEMORY_SAMPLED = 4 };                   /* bits of ENDED's usage */
enum { START = 1, SIGNAL = 2, END = 3, LEAVE = 4, LEASE = 5 };
enum { HELLO = 1, STARTED = 2, ENDED = 3, FAILED = 4, DONE = 5 };
enum { LEASE_ENDED = 3, NO_ENGINE = 4 }; /* the exit statuses then */
enum { USUAL_PATIENCE_MS = 60000, CONNECT_MOST = 4, TELL_MOST = 16, NO_SLOT = -1 };
enum { SAMPLE = 40, LINGER_MS = 500, ORPHAN_GRACE_MS = 2000 };
enum { MAX_FRAME = 64 << 20, MAX_LANES = 1 << 20, READ_SIZE = 256 << 10, PENDING_LIMIT = 4 << 20 };
/* How often a wait that has no event of its own looks again, and how long a wait for the unkillable lasts. */
enum { LOOK_AGAIN_MS = 20, GIVE_UP_MS = 5000 };
enum { TASKS_BY_PID = 4096, EVENTS = 256 };
/* So many helpers write files, so that one slow answer does not hold up all; one looks at memory. */
enum { WRITERS = 4, LOOKER = WRITERS, HELPERS };
/* The first look at a task's memory; then when it is older by a quarter, but no more often nor rarer than that, as long as
 * the looks at all tasks take less than 1 % of the time. */
enum { FIRST_LOOK_MS = 30, LOOK_MOST_MS = 1000, LOOK_COST = 100, ORPHANS_MS = 100, LOOK_HANGS_MS = 10000 };

/* One output of a task: its pipe, how many bytes came, the first 40 and the last 40 of the rest. */
struct output {
  int fd;            /* -1 after the end of file */
  struct task *task; /* NULL once the task is reported: what still comes is dropped */
  uint64_t bytes;
  uint8_t head_length, tail_length;
  char head[SAMPLE], tail[SAMPLE];
  struct helper *writer; /* of its file, until that is settled; NULL when there is none */
  uint32_t key;          /* what the writer knows it by */
  int file_error;
  bool writing, finishing; /* a reply to FILE_DATA, to FILE_FINISH, has not come */
  size_t owed;             /* what was in the pipe at the exit, and so is the task's own */
};

struct task {
  uint32_t lane;
  pid_t pid;
  int exit_code;
  bool exited;
  double start, finish;
  struct rusage usage;
  struct output *outputs[2];
  int64_t linger_until; /* 0: the task runs, or nothing is waited for */
  bool lingered;        /* what still holds a pipe is a background process */
  /* Of a task whose usage is wanted. */
  bool follows, looking, several;   /* a look is under way; it is or was more than one process */
  int64_t started_at, next_look;    /* INT64_MAX: none is due */
  uint64_t seen, largest;           /* bytes: the most of all its processes at a time, and of one */
  struct timeval orphans_user, orphans_system;
  struct task *next_by_pid, *next_lingering;
};

static enum { RUNNING, ENDING, SWEEPING } phase = RUNNING;
static bool engine_gone, output_broken, input_paused, input_always_ready, kill_sent;
static int exit_status;
static int64_t grace_until, give_up_at;
static int64_t lease_until = INT64_MAX; /* on the clock that also counts while the machine sleeps */
static uint32_t swept;

static struct task **lanes;
static uint32_t lane_count, running;
static struct task *by_pid[TASKS_BY_PID];
static struct task *orphan_of; /* whose the process is that is waited for next */
static void end_following(struct task *task);
static struct task *lingering, **lingering_end = &lingering; /* in the order of linger_until */
static pid_t *ending_groups;
static size_t ending_group_count;

static struct helper helpers[HELPERS];
static uint32_t follow_count; /* tasks that run and whose usage is wanted */
static int64_t next_look_at = INT64_MAX, look_hangs_at = INT64_MAX;
static uint32_t looks_asked;
static void lose_helper(struct helper *helper, int error);

static struct bytes input, pending;
static char read_buffer[READ_SIZE];
static int epoll, signals, null_input;
static int engine_input = STDIN_FILENO, engine_output = STDOUT_FILENO;
static pid_t launcher_pid;
static char input_tag, output_tag, signals_tag;

/* What the arguments say. */
static const char *connect_paths[CONNECT_MOST], *tell_names[TELL_MOST];
static int connect_count, tell_count, slot = NO_SLOT, patience_ms = USUAL_PATIENCE_MS;

/* What the child needs between vfork and exec, where it must not allocate nor touch anything shared. */
static struct rlimit task_nofile;
static int to_default[_NSIG], to_default_count, to_ignore[_NSIG], to_ignore_count;

/* ---- Small helpers ---- */

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As now_ms, and it goes on while the machine sleeps: what others reckon with has gone on too. */
static int64_t elapsed_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double wall_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void watch(int operation, int fd, uint32_t events, void *tag) {
  struct epoll_event event = {.events = events, .data.ptr = tag};
  if (epoll_ctl(epoll, operation, fd, &event) != 0 && operation != EPOLL_CTL_DEL) die("epoll_ctl");
}

/* ---- Frames to the engine: queued here, written once a turn of the loop ---- */

static void put(const void *data, size_t length) { append(&pending, data, length); }

static void put_u8(uint8_t value) { put(&value, sizeof value); }
static void put_u32(uint32_t value) { put(&value, sizeof value); }
static void put_f64(double value) { put(&value, sizeof value); }

static void put_frame(uint8_t type, size_t payload) {
  put_u32((uint32_t)(1 + payload));
  put_u8(type);
}

static void put_hello(void) {
  const char *values[TELL_MOST];
  size_t length = 0;
  for (int i = 0; i < tell_count; i++) {
    values[i] = getenv(tell_names[i]);
    if (values[i] != NULL) length += strlen(tell_names[i]) + 1 + strlen(values[i]) + 1;
  }
  put_frame(HELLO, 16 + length);
  put_u32(PROTOCOL_VERSION);
  put_u32((uint32_t)launcher_pid);
  put_u32(FEATURE_USAGE | FEATURE_SWEEP);
  put_u32((uint32_t)slot);
  for (int i = 0; i < tell_count; i++) {
    if (values[i] == NULL) continue;
    put(tell_names[i], strlen(tell_names[i]));
    put("=", 1);
    put(values[i], strlen(values[i]) + 1);
  }
}

static void put_failed(uint32_t lane, int error, const char *reason) {
  put_frame(FAILED, 16 + strlen(reason));
  put_u32(lane);
  put_u32((uint32_t)error);
  put_f64(wall_clock());
  put(reason, strlen(reason));
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

/* What a single process had at most, the kernel has noted; of several that were there at once, it is what was seen. */
static void put_usage(const struct task *task) {
  double largest = (double)(task->follows ? task->largest : 0);
  double most = (double)(task->follows && task->several ? task->seen : 0);
  put_f64(task->follows ? seconds(task->usage.ru_utime) + seconds(task->orphans_user) : 0);
  put_f64(task->follows ? seconds(task->usage.ru_stime) + seconds(task->orphans_system) : 0);
  put_f64(most > largest ? most : largest);
  put_f64(largest);
}

static void put_ended(const struct task *task) {
  const struct output *out = task->outputs[0], *error = task->outputs[1];
  const uint8_t lengths[4] = {out->head_length, out->tail_length, error->head_length, error->tail_length};
  put_frame(ENDED, 12 + 8 * 8 + 2 * 4 + 1 + 4 + lengths[0] + lengths[1] + lengths[2] + lengths[3]);
  put_u32(task->lane);
  put_u32((uint32_t)task->pid);
  put_u32((uint32_t)task->exit_code);
  put_f64(task->start);
  put_f64(task->finish);
  put_f64((double)out->bytes);
  put_f64((double)error->bytes);
  put_usage(task);
  put_u32((uint32_t)out->file_error);
  put_u32((uint32_t)error->file_error);
  put_u8(!task->follows ? 0 : task->several ? USAGE_KNOWN | MEMORY_SAMPLED : USAGE_KNOWN);
  put(lengths, sizeof lengths);
  put(out->head, lengths[0]);
  put(out->tail, lengths[1]);
  put(error->head, lengths[2]);
  put(error->tail, lengths[3]);
}

/* ---- Ending ---- */

static void signal_groups(int signal) {
  for (uint32_t lane = 0; lane < lane_count; lane++) {
    if (lanes[lane] != NULL && !lanes[lane]->exited) kill(-lanes[lane]->pid, signal);
  }
}

/* A second END, or the end of the engine, can only shorten the grace of the first. */
static void begin_end(uint32_t grace_ms) {
  int64_t until = now_ms() + grace_ms;
  if (phase == RUNNING) {
    phase = ENDING;
    kill_sent = false;
    swept = 0;
    grace_until = until;
    ending_group_count = 0;
    ending_groups = allocate(ending_groups, (running + 1) * sizeof *ending_groups);
    for (uint32_t lane = 0; lane < lane_count; lane++) {
      if (lanes[lane] != NULL && !lanes[lane]->exited) ending_groups[ending_group_count++] = lanes[lane]->pid;
    }
    signal_groups(SIGTERM);
    signal_groups(SIGCONT);
  } else if (until < grace_until) {
    grace_until = until;
  }
}

static void lose_engine(int status) {
  if (engine_gone) return;
  engine_gone = true;
  exit_status = status;
  input_always_ready = false;
  watch(EPOLL_CTL_DEL, engine_input, 0, NULL);
  watch(EPOLL_CTL_DEL, engine_output, 0, NULL);
  begin_end(ORPHAN_GRACE_MS);
}

/* The engine has not prolonged the lease: the same tasks may soon be started elsewhere. */
static void look_at_lease(void) {
  if (elapsed_ms() < lease_until) return;
  lease_until = INT64_MAX;
  fputs("disBatch launcher: the lease has ended\n", stderr);
  lose_engine(LEASE_ENDED);
  begin_end(0);
}

static void refuse_input(const char *why) {
  fprintf(stderr, "disBatch launcher: not a frame of the protocol: %s\n", why);
  lose_engine(2);
}

/* Whether a process of a task that ran when the ending began is still in the task's group. */
static bool ending_groups_left(void) {
  size_t left = 0;
  for (size_t i = 0; i < ending_group_count; i++) {
    if (kill(-ending_groups[i], 0) == 0 || errno == EPERM) ending_groups[left++] = ending_groups[i];
  }
  ending_group_count = left;
  return left > 0;
}

static bool is_helper(pid_t pid) {
  for (int i = 0; i < HELPERS; i++) {
    if (helpers[i].pid == pid) return true;
  }
  return false;
}

/* Some kernels lack the list of children in /proc. */
static void kill_children_by_search(void) {
  DIR *proc = opendir("/proc");
  if (proc == NULL) return;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    struct process_stat stat;
    pid_t pid = atoi(entry->d_name);
    if (pid > 0 && read_process_stat(pid, &stat) && stat.parent == launcher_pid && !is_helper(pid)) kill(pid, SIGKILL);
  }
  closedir(proc);
}

/* All that tasks left behind are children of the subreaper, or of one that is: killing those brings up the next. */
static void kill_children(void) {
  const pid_t *children;
  int count = children_of(launcher_pid, launcher_pid, &children);
  if (count < 0) kill_children_by_search();
  for (int i = 0; i < count; i++) {
    if (!is_helper(children[i])) kill(children[i], SIGKILL);
  }
}

/* Writes what it can, without blocking. */
static void flush(void) {
  size_t written = 0;
  while (written < pending.length && !output_broken) {
    ssize_t n = write(engine_output, pending.data + written, pending.length - written);
    if (n >= 0) {
      written += (size_t)n;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      output_broken = true;
    }
  }
  if (output_broken) written = pending.length;
  memmove(pending.data, pending.data + written, pending.length - written);
  pending.length -= written;
}

static void flush_and_watch(void) {
  static bool waiting;
  if (pending.length > 0) flush();
  if (output_broken) lose_engine(0);
  if (engine_gone) return;
  if (waiting != (pending.length > 0)) {
    waiting = pending.length > 0;
    watch(EPOLL_CTL_MOD, engine_output, waiting ? EPOLLOUT : 0, &output_tag);
  }
  /* An engine that does not read gets nothing new started, so that what waits for it stays small. */
  bool pause = pending.length > (input_paused ? PENDING_LIMIT / 2 : PENDING_LIMIT);
  if (pause != input_paused) {
    input_paused = pause;
    if (!input_always_ready) watch(EPOLL_CTL_MOD, engine_input, pause ? 0 : EPOLLIN, &input_tag);
  }
}

static _Noreturn void leave(int status) {
  int64_t until = now_ms() + ORPHAN_GRACE_MS;
  flush();
  while (pending.length > 0 && now_ms() < until) {
    struct pollfd out = {.fd = engine_output, .events = POLLOUT};
    poll(&out, 1, LOOK_AGAIN_MS);
    flush();
  }
  _exit(status);
}

static void finish_end(void) {
  phase = RUNNING;
  put_frame(DONE, 4);
  put_u32(swept);
  if (engine_gone) {
    flush(); /* nobody may be reading: one try */
    _exit(exit_status);
  }
}

/* Moves on from phase to phase as far as it goes. */
static void advance_end(void) {
  int64_t now = now_ms();
  if (phase == ENDING) {
    bool grace_over = now >= grace_until;
    if (grace_over && !kill_sent) {
      kill_sent = true;
      give_up_at = now + GIVE_UP_MS;
      signal_groups(SIGKILL);
    }
    /* Nobody is left to be told what a file holds; and a file that hangs must not keep an engine that is there for ever. */
    if (kill_sent && (engine_gone || now >= give_up_at)) {
      for (int i = 0; i < WRITERS; i++) lose_helper(&helpers[i], ETIMEDOUT);
    }
    if (running > 0) {
      /* Only what hangs in the kernel survives a KILL. Nobody is left to be told of it. */
      if (engine_gone && kill_sent && now >= give_up_at) _exit(exit_status);
      return;
    }
    if (!grace_over && ending_groups_left()) return;
    phase = SWEEPING;
    give_up_at = now + GIVE_UP_MS;
  }
  if (phase == SWEEPING) {
    siginfo_t any;
    bool none_left = waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
    if (none_left || now >= give_up_at) {
      finish_end();
    } else {
      kill_children();
    }
  }
}

/* ---- Tasks: their outputs, their exit, their report ---- */

static void sample(struct output *output, const char *data, size_t length) {
  output->bytes += length;
  size_t for_head = SAMPLE - output->head_length;
  if (for_head > length) for_head = length;
  memcpy(output->head + output->head_length, data, for_head);
  output->head_length += (uint8_t)for_head;
  data += for_head;
  length -= for_head;
  if (length >= SAMPLE) {
    memcpy(output->tail, data + length - SAMPLE, SAMPLE);
    output->tail_length = SAMPLE;
  } else if (length > 0) {
    size_t keep = SAMPLE - length;
    if (keep > output->tail_length) keep = output->tail_length;
    memmove(output->tail, output->tail + output->tail_length - keep, keep);
    memcpy(output->tail + keep, data, length);
    output->tail_length = (uint8_t)(keep + length);
  }
}

static void remove_by_pid(struct task *task) {
  struct task **at = &by_pid[task->pid % TASKS_BY_PID];
  while (*at != task) at = &(*at)->next_by_pid;
  *at = task->next_by_pid;
}

static void stop_lingering(struct task *task) {
  struct task **at = &lingering;
  while (*at != task) at = &(*at)->next_lingering;
  *at = task->next_lingering;
  if (*at == NULL) lingering_end = at;
  task->linger_until = 0;
}

/* Queues ENDED and frees the lane. A pipe that a background process still holds lives on without the task. */
static void report(struct task *task) {
  put_ended(task);
  for (int i = 0; i < 2; i++) {
    struct output *output = task->outputs[i];
    output->task = NULL;
    if (output->fd < 0) free(output);
    else watch(EPOLL_CTL_MOD, output->fd, EPOLLIN, output); /* one that was kept may not be watched */
  }
  lanes[task->lane] = NULL;
  running--;
  free(task);
}

/* Reports a task of which nothing more is to come; has its files closed that have come to their end. */
static void settle(struct task *task) {
  bool all = task->exited;
  for (int i = 0; i < 2; i++) {
    struct output *output = task->outputs[i];
    bool at_end = output->fd < 0 || (task->lingered && output->owed == 0);
    if (at_end && output->writer != NULL && !output->finishing) {
      output->finishing = true;
      helper_ask(output->writer, FILE_FINISH, output->key, NULL, 0);
    }
    if (output->writer != NULL || !at_end) all = false;
  }
  if (!all) return;
  if (task->linger_until > 0) stop_lingering(task);
  report(task);
}

static void close_pipe(struct output *output) {
  /* To close it is not enough: a child that is just becoming its program still holds a copy for a moment, since vfork
   * returns before exec closes descriptors, and epoll would go on telling of an output that is no more. */
  watch(EPOLL_CTL_DEL, output->fd, 0, NULL);
  close(output->fd);
  output->fd = -1;
}

/* Reads at most `times`; closes the pipe at its end. For outputs that are not kept, or not any more. */
static void drain(struct output *output, int times) {
  while (times-- > 0) {
    ssize_t n = read(output->fd, read_buffer, sizeof read_buffer);
    if (n > 0) {
      /* What comes when its file is being closed is not in it, and does not count. */
      if (output->task != NULL && !output->finishing) sample(output, read_buffer, (size_t)n);
      output->owed -= output->owed < (size_t)n ? output->owed : (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      return close_pipe(output);
    } else {
      return;
    }
  }
}

/* Whether it is to be written to a file, and still can be. */
static bool is_kept(const struct output *output) {
  return output->writer != NULL && !output->finishing && output->file_error == 0;
}

/* Tells epoll to watch the pipe again: of an output that is kept until the next event, for then it waits for its writer. */
static void watch_again(struct output *output) {
  if (output->fd >= 0) watch(EPOLL_CTL_MOD, output->fd, is_kept(output) ? EPOLLIN | EPOLLONESHOT : EPOLLIN, output);
}

/* Reads once and sends that to be written. */
static void read_for_file(struct output *output, uint32_t events) {
  ssize_t n = read(output->fd, read_buffer, FILE_DATA_MOST);
  if (n > 0) {
    sample(output, read_buffer, (size_t)n);
    output->owed -= output->owed < (size_t)n ? output->owed : (size_t)n;
    output->writing = true;
    helper_ask(output->writer, FILE_DATA, output->key, read_buffer, (size_t)n);
    /* With the last writer gone, a read that got less than it asked for got the last. */
    if (events & EPOLLHUP && n < FILE_DATA_MOST) close_pipe(output);
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    close_pipe(output);
  } else {
    watch_again(output);
  }
}

static void output_ready(struct output *output, uint32_t events) {
  struct task *task = output->task;
  if (task != NULL && is_kept(output)) {
    /* Not watched while writing; but the event may be of before. */
    if (!output->writing) read_for_file(output, events);
    settle(task);
    return;
  }
  /* With the last writer gone, what is left is at most what the pipe holds. */
  drain(output, events & EPOLLHUP ? 64 : 1);
  if (task != NULL) settle(task);
  else if (output->fd < 0) free(output);
}

static void task_exited(struct task *task, int status, const struct rusage *usage) {
  task->exited = true;
  task->finish = wall_clock();
  task->exit_code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  task->usage = *usage;
  remove_by_pid(task);
  if (task->follows) end_following(task);
  bool held = false;
  for (int i = 0; i < 2; i++) {
    struct output *output = task->outputs[i];
    int in_pipe = 0;
    if (output->fd >= 0 && !is_kept(output)) drain(output, 64);
    else if (output->fd >= 0 && ioctl(output->fd, FIONREAD, &in_pipe) == 0) output->owed = (size_t)in_pipe;
    if (output->fd >= 0) held = true;
  }
  if (held) {
    task->linger_until = now_ms() + LINGER_MS;
    task->next_lingering = NULL;
    *lingering_end = task;
    lingering_end = &task->next_lingering;
  }
  settle(task);
}

/* ---- What a task uses ---- */

static struct task *task_of(pid_t pid) {
  struct task *task = by_pid[pid % TASKS_BY_PID];
  while (task != NULL && task->pid != pid) task = task->next_by_pid;
  return task;
}

/* A child that has ended and is not waited for yet: whether it is all that there was of its task. */
static void before_wait(pid_t pid) {
  struct process_stat stat;
  if (!read_process_stat(pid, &stat)) return;
  struct task *task = task_of(pid);
  if (task != NULL && stat.child_faults > 0) task->several = true;
  orphan_of = task == NULL ? task_of(stat.session) : NULL;
}

static void add_time(struct timeval *sum, struct timeval more) {
  sum->tv_sec += more.tv_sec + (sum->tv_usec + more.tv_usec) / 1000000;
  sum->tv_usec = (sum->tv_usec + more.tv_usec) % 1000000;
}

/* A process of a task has ended whose own parent had ended before it. */
static void add_orphan(struct task *task, const struct rusage *usage) {
  if (!task->follows) return;
  task->several = true;
  add_time(&task->orphans_user, usage->ru_utime);
  add_time(&task->orphans_system, usage->ru_stime);
  uint64_t most = (uint64_t)usage->ru_maxrss * 1024;
  if (most > task->largest) task->largest = most;
}

/*
 * The kernel notes for a task the most that any one of its processes had that was waited for. That is the whole when there
 * was only one: it has waited for no child (a child that has run has had page faults), nothing of its group is left, no
 * orphan of its session came here, and no look has seen another. A child that was not waited for and ended before the
 * task, between two looks, is not seen.
 *
 * The note is never below what the launcher itself had (a child of vfork has the launcher's memory until it becomes its
 * program), nor below bash: some 4 MB.
 */
static void end_following(struct task *task) {
  follow_count--;
  task->next_look = INT64_MAX;
  uint64_t most = (uint64_t)task->usage.ru_maxrss * 1024;
  if (most > task->largest) task->largest = most;
  if (kill(-task->pid, 0) == 0 || errno == EPERM) task->several = true;
}

static void reap(void) {
  int status;
  struct rusage usage;
  for (;;) {
    siginfo_t ended = {.si_pid = 0};
    orphan_of = NULL;
    if (follow_count > 0) {
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
      before_wait(ended.si_pid);
    }
    pid_t pid = wait4(ended.si_pid == 0 ? -1 : ended.si_pid, &status, WNOHANG, &usage);
    if (pid <= 0) return;
    struct task *task = task_of(pid);
    if (task != NULL) {
      task_exited(task, status, &usage);
    } else {
      if (orphan_of != NULL) add_orphan(orphan_of, &usage);
      if (phase == SWEEPING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) swept++;
    }
  }
}

static void report_lingering(void) {
  int64_t now = now_ms();
  while (lingering != NULL && lingering->linger_until <= now) {
    struct task *task = lingering;
    stop_lingering(task);
    task->lingered = true;
    settle(task);
  }
}

/* ---- Helpers ---- */

/* Has it running; false with errno set when that cannot be. */
static bool need_helper(struct helper *helper) {
  if (helper->pid != 0) return true;
  bool is_looker = helper == &helpers[LOOKER];
  if (!helper_start(helper, is_looker ? "disbatch-look" : "disbatch-write", is_looker ? serve_task_memory : serve_result_files))
    return false;
  watch(EPOLL_CTL_ADD, helper->fd, EPOLLIN, helper);
  return true;
}

/* It is gone, or is given up: what it was to write is in no file. */
static void lose_helper(struct helper *helper, int error) {
  if (helper->pid == 0) return;
  watch(EPOLL_CTL_DEL, helper->fd, 0, NULL);
  helper_end(helper);
  if (helper == &helpers[LOOKER]) {
    looks_asked = 0;
    look_hangs_at = INT64_MAX;
  }
  for (uint32_t lane = 0; lane < lane_count; lane++) {
    struct task *task = lanes[lane];
    if (task == NULL) continue;
    if (helper == &helpers[LOOKER]) task->looking = false; /* it may have been this one: no more looks */
    bool affected = false;
    for (int i = 0; i < 2; i++) {
      struct output *output = task->outputs[i];
      if (output->writer != helper) continue;
      affected = true;
      if (output->file_error == 0) output->file_error = error;
      output->writer = NULL;
      output->writing = output->finishing = false;
      watch_again(output);
    }
    if (affected) settle(task);
  }
}

static void send_to_helpers(void) {
  for (int i = 0; i < HELPERS; i++) {
    struct helper *helper = &helpers[i];
    if (helper->jobs.length > 0 && !helper_send(helper)) {
      lose_helper(helper, EIO);
    } else if (helper->pid != 0 && helper->watched_for_room != (helper->jobs.length > 0)) {
      helper->watched_for_room = helper->jobs.length > 0;
      watch(EPOLL_CTL_MOD, helper->fd, helper->watched_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN, helper);
    }
  }
}

static void take_look(const struct reply *reply) {
  looks_asked--;
  look_hangs_at = looks_asked == 0 ? INT64_MAX : now_ms() + LOOK_HANGS_MS;
  struct task *task = reply->key < lane_count ? lanes[reply->key] : NULL;
  if (task == NULL || task->pid != reply->error) return; /* it has been reported meanwhile */
  task->looking = false;
  if (task->exited) return;
  if (reply->processes > 1) task->several = true;
  if (reply->together > task->seen) task->seen = reply->together;
  if (reply->largest > task->largest) task->largest = reply->largest;
  int64_t now = now_ms(), after = (now - task->started_at) / 4;
  int64_t fair = (int64_t)(reply->cost_us * LOOK_COST * follow_count / 1000);
  if (after < FIRST_LOOK_MS) after = FIRST_LOOK_MS;
  if (after > LOOK_MOST_MS) after = LOOK_MOST_MS;
  task->next_look = now + (after > fair ? after : fair);
  if (task->next_look < next_look_at) next_look_at = task->next_look;
}

static void take_file_reply(const struct reply *reply) {
  struct task *task = reply->key / 2 < lane_count ? lanes[reply->key / 2] : NULL;
  if (task == NULL) return;
  struct output *output = task->outputs[reply->key % 2];
  if (output->file_error == 0) output->file_error = reply->error;
  if (reply->type == FILE_FINISH) {
    output->writer = NULL;
  } else {
    output->writing = false;
    watch_again(output);
  }
  settle(task);
}

static void helper_ready(struct helper *helper) {
  bool there = helper_receive(helper);
  for (struct reply reply; helper_reply(helper, &reply);) {
    if (reply.type == MEMORY_LOOK) take_look(&reply);
    else take_file_reply(&reply);
  }
  if (!there) lose_helper(helper, EIO);
}

/* Children that are no tasks: what tasks have left behind, while they ran or after. */
static const struct bytes *find_orphans(int64_t now) {
  static struct bytes orphans;
  static int64_t until;
  if (now < until) return &orphans;
  until = now + ORPHANS_MS;
  orphans.length = 0;
  const pid_t *children;
  int count = children_of(launcher_pid, launcher_pid, &children);
  for (int i = 0; i < count; i++) {
    int32_t pid = children[i];
    if (task_of(pid) == NULL && !is_helper(pid)) append(&orphans, &pid, sizeof pid);
  }
  return &orphans;
}

/* Asks for the looks that are due. */
static void look_at_memory(void) {
  int64_t now = now_ms();
  /* Of a process whose memory map is held, say by one that hangs in the kernel, nothing can be read. */
  if (now >= look_hangs_at) lose_helper(&helpers[LOOKER], 0);
  if (now < next_look_at) return;
  next_look_at = INT64_MAX;
  if (follow_count == 0 || !need_helper(&helpers[LOOKER])) return;
  for (uint32_t lane = 0; lane < lane_count; lane++) {
    struct task *task = lanes[lane];
    if (task == NULL || !task->follows || task->exited || task->looking) continue;
    if (task->next_look <= now) {
      static struct bytes data;
      const struct bytes *orphans = find_orphans(now);
      struct look look = {.pid = task->pid, .orphans = (uint32_t)(orphans->length / sizeof(int32_t)), .known = task->seen};
      data.length = 0;
      append(&data, &look, sizeof look);
      append(&data, orphans->data, orphans->length);
      helper_ask(&helpers[LOOKER], MEMORY_LOOK, lane, data.data, data.length);
      if (looks_asked++ == 0) look_hangs_at = now + LOOK_HANGS_MS;
      task->looking = true;
      task->next_look = INT64_MAX;
    } else if (task->next_look < next_look_at) {
      next_look_at = task->next_look;
    }
  }
}

/* ---- Starting a task ---- */

static size_t name_length(const char *entry) {
  const char *equals = strchr(entry, '=');
  return equals == NULL ? strlen(entry) : (size_t)(equals - entry);
}

static bool same_name(const char *entry, const char *name, size_t length) {
  return strncmp(entry, name, length) == 0 && (entry[length] == '=' || entry[length] == '\0');
}

static uint32_t hash_name(const char *name, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 16777619u;
  return hash;
}

/* The launcher's own environment, and where in it a name is. */
static struct {
  size_t count, slot_count;
  uint32_t *slots; /* index in environ plus one; 0 is empty */
} own_env;

static uint32_t *env_slot(const char *name, size_t length) {
  size_t at = hash_name(name, length) & (own_env.slot_count - 1);
  while (own_env.slots[at] != 0 && !same_name(environ[own_env.slots[at] - 1], name, length)) {
    at = (at + 1) & (own_env.slot_count - 1);
  }
  return &own_env.slots[at];
}

static void index_own_env(void) {
  while (environ[own_env.count] != NULL) own_env.count++;
  for (own_env.slot_count = 64; own_env.slot_count < own_env.count * 2;) own_env.slot_count *= 2;
  own_env.slots = calloc(own_env.slot_count, sizeof *own_env.slots);
  if (own_env.slots == NULL) die("memory");
  for (size_t i = 0; i < own_env.count; i++) {
    uint32_t *slot = env_slot(environ[i], name_length(environ[i]));
    if (*slot == 0) *slot = (uint32_t)i + 1;
  }
}

/*
 * Node passes an environment on as text, and puts U+FFFD where a value is not UTF-8. The environment that the engine was
 * started with still has the bytes: what differs there only by such places is taken from it.
 */
static void restore_raw_values(void) {
  static struct bytes raw;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
  int fd = -1;
  for (size_t i = 0; environ[i] != NULL; i++) {
    if (strstr(environ[i], "\xef\xbf\xbd") == NULL || strncmp(environ[i], "DISBATCH_", 9) == 0) continue;
    if (fd < 0) {
      fd = open(path, O_RDONLY | O_CLOEXEC);
      if (fd < 0) return; /* another user's, or no /proc */
      for (ssize_t n = 1; n > 0;) {
        make_room(&raw, 65536);
        n = read(fd, raw.data + raw.length, 65535);
        if (n > 0) raw.length += (size_t)n;
      }
      raw.data[raw.length] = '\0';
    }
    size_t name = name_length(environ[i]);
    for (char *entry = raw.data; entry < raw.data + raw.length; entry += strlen(entry) + 1) {
      if (same_name(entry, environ[i], name)) environ[i] = entry;
    }
  }
  if (fd >= 0) close(fd);
}

/* Own environment with the given entries in it; valid until the next call. `given` ends with a NUL or is empty. */
static char **task_env(char *given, size_t length) {
  static char **env;
  static size_t room;
  size_t entries = 0;
  for (size_t i = 0; i < length; i++) entries += given[i] == '\0';
  if (room < own_env.count + entries + 1) {
    room = (own_env.count + entries + 1) * 2;
    env = allocate(env, room * sizeof *env);
  }
  memcpy(env, environ, own_env.count * sizeof *env);
  size_t count = own_env.count;
  for (char *entry = given; entry < given + length; entry += strlen(entry) + 1) {
    size_t name = name_length(entry);
    uint32_t slot = *env_slot(entry, name);
    size_t at = slot != 0 ? slot - 1 : own_env.count;
    while (slot == 0 && at < count && !same_name(env[at], entry, name)) at++;
    env[at] = entry;
    if (at == count) count++;
  }
  env[count] = NULL;
  return env;
}

/* Runs in the vfork child, in the launcher's memory: only system calls. Returns only when something failed. */
static void become_task(char *const argv[], char *const envp[], int out, int error) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launcher_pid) _exit(127); /* it died before the prctl */
  if (dup2(null_input, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0) return;
  setrlimit(RLIMIT_NOFILE, &task_nofile);
  for (int i = 0; i < to_default_count; i++) sigaction(to_default[i], &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
  for (int i = 0; i < to_ignore_count; i++) sigaction(to_ignore[i], &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(argv[0], argv, envp);
}

/* Returns the process id, or -1 with errno set. */
__attribute__((noinline)) static pid_t start_process(char *const argv[], char *const envp[], int out, int error) {
  volatile int child_errno = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    become_task(argv, envp, out, error);
    child_errno = errno;
    _exit(127);
  }
  if (pid > 0 && child_errno != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    errno = child_errno;
    return -1;
  }
  return pid;
}

static void start_failed(uint32_t lane, int error, size_t command_length) {
  char reason[160];
  size_t most = 32 * (size_t)sysconf(_SC_PAGESIZE) - 1; /* the kernel's MAX_ARG_STRLEN, with the final NUL */
  if (error == E2BIG && command_length > most) {
    snprintf(reason, sizeof reason, "%s: the command has %zu bytes, the system takes at most %zu", strerror(error), command_length, most);
  } else if (error == E2BIG) {
    snprintf(reason, sizeof reason, "%s: the command and the environment are together more than the system takes", strerror(error));
  } else {
    snprintf(reason, sizeof reason, "%s", strerror(error));
  }
  put_failed(lane, error, reason);
}

/* Makes a pipe with its reading end in epoll. NULL with errno set when there is none to be had. */
static struct output *open_output(int *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return NULL;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  struct output *output = allocate(NULL, sizeof *output);
  memset(output, 0, sizeof *output);
  output->fd = ends[0];
  *write_end = ends[1];
  return output;
}

static void close_output(struct output *output, int write_end) {
  if (output == NULL) return;
  close(output->fd);
  close(write_end);
  free(output);
}

/* A part of a frame. */
struct part {
  char *data;
  size_t length;
};

static void begin_following(struct task *task) {
  task->follows = true;
  task->started_at = now_ms();
  task->next_look = task->started_at + FIRST_LOOK_MS;
  if (task->next_look < next_look_at) next_look_at = task->next_look;
  follow_count++;
}

/* Has what an earlier run left at the path removed. The file is made by what is written to it later, by the same helper. */
static void open_file(struct output *output, uint32_t key, struct part path) {
  if (path.length == 0) return;
  struct helper *writer = &helpers[key / 2 % WRITERS];
  if (!need_helper(writer)) {
    output->file_error = errno;
    return;
  }
  output->writer = writer;
  output->key = key;
  helper_ask(writer, FILE_OPEN, key, path.data, path.length);
}

static void forget_file(struct output *output) {
  if (output != NULL && output->writer != NULL) helper_ask(output->writer, FILE_FORGET, output->key, NULL, 0);
}

/* `parts` are the command, with a NUL after it, and the paths of the files of both outputs. */
static void start(uint32_t lane, uint8_t flags, const struct part parts[3], char *env, size_t env_length) {
  char *command = parts[0].data;
  size_t command_length = parts[0].length;
  if (phase != RUNNING) {
    put_failed(lane, ECANCELED, "the tasks are being ended");
    return;
  }
  if (memchr(command, '\0', command_length) != NULL) {
    put_failed(lane, EINVAL, "the command holds a NUL byte");
    return;
  }
  char *argv[] = {(char[]){"/bin/bash"}, (char[]){"-c"}, command, NULL};
  int write_ends[2];
  struct output *out = open_output(&write_ends[0]);
  struct output *error = out == NULL ? NULL : open_output(&write_ends[1]);
  if (error != NULL) {
    open_file(out, 2 * lane, parts[1]);
    open_file(error, 2 * lane + 1, parts[2]);
  }
  double start_time = wall_clock();
  pid_t pid = error == NULL ? -1 : start_process(argv, task_env(env, env_length), write_ends[0], write_ends[1]);
  if (pid < 0) {
    int why = errno;
    forget_file(out);
    forget_file(error);
    close_output(out, write_ends[0]);
    close_output(error, write_ends[1]);
    start_failed(lane, why, command_length);
    return;
  }
  close(write_ends[0]);
  close(write_ends[1]);
  struct task *task = allocate(NULL, sizeof *task);
  *task = (struct task){.lane = lane, .pid = pid, .start = start_time, .outputs = {out, error}};
  out->task = error->task = task;
  watch(EPOLL_CTL_ADD, out->fd, is_kept(out) ? EPOLLIN | EPOLLONESHOT : EPOLLIN, out);
  watch(EPOLL_CTL_ADD, error->fd, is_kept(error) ? EPOLLIN | EPOLLONESHOT : EPOLLIN, error);
  if (flags & START_FOLLOWS) begin_following(task);
  task->next_by_pid = by_pid[pid % TASKS_BY_PID];
  by_pid[pid % TASKS_BY_PID] = task;
  lanes[lane] = task;
  running++;
  put_frame(STARTED, 16);
  put_u32(lane);
  put_u32((uint32_t)pid);
  put_f64(start_time);
}

/* ---- Frames from the engine ---- */

static uint32_t u32_at(const char *data) {
  uint32_t value;
  memcpy(&value, data, sizeof value);
  return value;
}

static void grow_lanes(uint32_t lane) {
  if (lane < lane_count) return;
  uint32_t count = lane + 64;
  lanes = allocate(lanes, count * sizeof *lanes);
  memset(lanes + lane_count, 0, (count - lane_count) * sizeof *lanes);
  lane_count = count;
}

static bool env_is_sound(const char *env, size_t length) {
  if (length > 0 && env[length - 1] != '\0') return false;
  for (const char *entry = env; entry < env + length; entry += strlen(entry) + 1) {
    if (entry[0] == '=' || strchr(entry, '=') == NULL) return false;
  }
  return true;
}

static void handle_start(char *payload, size_t length) {
  static struct bytes command; /* a copy, for the NUL after it */
  char *at = payload + 5, *end = payload + length;
  uint32_t lane = u32_at(payload);
  struct part parts[3]; /* the command, and the paths of the files of both outputs */
  for (int i = 0; i < 3; i++) {
    if (end - at < 4 || u32_at(at) > (size_t)(end - at - 4)) return refuse_input("START is shorter than it says");
    parts[i] = (struct part){at + 4, u32_at(at)};
    at += 4 + parts[i].length;
  }
  if (lane >= MAX_LANES) return refuse_input("START on a lane past the last");
  grow_lanes(lane);
  if (lanes[lane] != NULL) return refuse_input("START on a lane that is busy");
  if (!env_is_sound(at, (size_t)(end - at))) return refuse_input("START with an environment that is none");
  command.length = 0;
  make_room(&command, parts[0].length + 1);
  memcpy(command.data, parts[0].data, parts[0].length);
  command.data[parts[0].length] = '\0';
  parts[0].data = command.data;
  start(lane, (uint8_t)payload[4], parts, at, (size_t)(end - at));
}

static void handle_frame(char *frame, size_t length) {
  char *payload = frame + 1;
  length--;
  if (frame[0] == START && length >= 17) {
    handle_start(payload, length);
  } else if (frame[0] == SIGNAL && length >= 8) {
    uint32_t lane = u32_at(payload), signal = u32_at(payload + 4);
    if (lane < lane_count && lanes[lane] != NULL && !lanes[lane]->exited && signal < _NSIG) {
      kill(-lanes[lane]->pid, (int)signal);
    }
  } else if (frame[0] == END && length >= 4) {
    begin_end(u32_at(payload));
  } else if (frame[0] == LEASE && length >= 4) {
    uint32_t ms = u32_at(payload);
    lease_until = ms == 0 ? INT64_MAX : elapsed_ms() + ms;
  } else if (frame[0] == LEAVE) {
    signal_groups(SIGKILL);
    leave(0);
  } else {
    refuse_input("unknown type, or too short for its type");
  }
}

static void input_ready(void) {
  make_room(&input, READ_SIZE);
  ssize_t n = read(engine_input, input.data + input.length, READ_SIZE);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return lose_engine(0);
  input.length += (size_t)n;
  size_t at = 0;
  while (input.length - at >= 4 && !engine_gone) {
    uint32_t length = u32_at(input.data + at);
    if (length == 0 || length > MAX_FRAME) return refuse_input("a length of zero or over 64 MiB");
    if (input.length - at < 4 + (size_t)length) break;
    handle_frame(input.data + at + 4, length);
    at += 4 + (size_t)length;
  }
  memmove(input.data, input.data + at, input.length - at);
  input.length -= at;
}

/* ---- The process ---- */

static int parse_number(const char *text, char **end, long most) {
  long number = strtol(text, end, 10);
  if (*end == text || number < 0 || number > most) {
    fprintf(stderr, "disBatch launcher: \"%s\" is not a number from 0 to %ld\n", text, most);
    exit(2);
  }
  return (int)number;
}

static void parse_arguments(int argc, char **argv) {
  for (int i = 1; i < argc; i += 2) {
    char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (value != NULL && strcmp(argv[i], "--nofile") == 0) {
      rlim_t soft = (rlim_t)parse_number(value, &value, INT_MAX);
      if (soft < task_nofile.rlim_max) task_nofile.rlim_cur = soft;
    } else if (value != NULL && strcmp(argv[i], "--ignore-signals") == 0) {
      while (*value != '\0') {
        int signal = parse_number(value, &value, _NSIG - 1);
        if (to_ignore_count < _NSIG) to_ignore[to_ignore_count++] = signal;
        if (*value == ',') value++;
      }
    } else if (value != NULL && strcmp(argv[i], "--connect") == 0 && connect_count < CONNECT_MOST) {
      connect_paths[connect_count++] = value;
    } else if (value != NULL && strcmp(argv[i], "--patience") == 0) {
      patience_ms = parse_number(value, &value, INT_MAX);
    } else if (value != NULL && strcmp(argv[i], "--slot") == 0) {
      slot = parse_number(value, &value, INT_MAX);
    } else if (value != NULL && strcmp(argv[i], "--tell") == 0 && tell_count < TELL_MOST) {
      tell_names[tell_count++] = value;
    } else {
      fputs(
          "usage: launcher [--nofile N] [--ignore-signals N,N...] [--slot N] [--tell NAME]... [--connect PATH]... [--patience MS]\n",
          stderr);
      exit(2);
    }
  }
}

/* A connection to the engine that listens at this path, or -1 with a reason. Never waits. */
static int try_to_connect(const char *path, const char **reason) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    *reason = strerror(ENAMETOOLONG);
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  struct ucred engine;
  socklen_t size = sizeof engine;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &engine, &size) != 0) {
    *reason = strerror(errno);
  } else if (engine.uid != getuid()) {
    *reason = "another user listens there";
  } else {
    return fd;
  }
  close(fd);
  return -1;
}

/* The connection is two descriptors, so that reading and writing are watched apart as they are on pipes. */
static void connect_to_engine(void) {
  const char *reasons[CONNECT_MOST];
  int64_t until = now_ms() + patience_ms;
  for (;;) {
    for (int i = 0; i < connect_count; i++) {
      engine_input = try_to_connect(connect_paths[i], &reasons[i]);
      if (engine_input < 0) continue;
      engine_output = fcntl(engine_input, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      if (engine_output < 0) die("dup");
      return;
    }
    if (now_ms() >= until) break;
    poll(NULL, 0, LOOK_AGAIN_MS);
  }
  setvbuf(stderr, NULL, _IOLBF, 0); /* the launchers of other slots may write to the same file */
  fprintf(stderr, "disBatch launcher: there is no engine to connect to within %d ms", patience_ms);
  for (int i = 0; i < connect_count; i++) fprintf(stderr, "%s%s: %s", i == 0 ? " (" : "; ", connect_paths[i], reasons[i]);
  fputs(")\n", stderr);
  exit(NO_ENGINE);
}

/* Tasks get the default disposition of what the launcher ignores, or was started with ignored. */
static void set_signals(void) {
  /* The last three are not the engine's, but a task may send them to its parent by mistake. */
  static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};
  signal(SIGCHLD, SIG_DFL);
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
  for (int i = 1; i < _NSIG; i++) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN) to_default[to_default_count++] = i;
  }
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) die("signalfd");
}

/* Descriptors that the launcher was started with would reach its tasks. */
static void close_inherited(void) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) return;
#endif
  DIR *directory = opendir("/proc/self/fd");
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd > STDERR_FILENO && fd != dirfd(directory)) close(fd);
  }
  closedir(directory);
}

static void prepare(int argc, char **argv) {
  launcher_pid = getpid();
  close_inherited();
  getrlimit(RLIMIT_NOFILE, &task_nofile);
  parse_arguments(argc, argv);
  struct rlimit own = {.rlim_cur = task_nofile.rlim_max, .rlim_max = task_nofile.rlim_max};
  setrlimit(RLIMIT_NOFILE, &own);
  /* 0, 1 and 2 are taken from here on, so no pipe of a task can be one of them. */
  do {
    null_input = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_input < 0) die("/dev/null");
  } while (null_input <= STDERR_FILENO);
  set_signals();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (connect_count > 0) {
    connect_to_engine();
  } else {
    restore_raw_values();
  }
  index_own_env();

  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) die("epoll");
  fcntl(engine_input, F_SETFL, fcntl(engine_input, F_GETFL) | O_NONBLOCK);
  fcntl(engine_output, F_SETFL, fcntl(engine_output, F_GETFL) | O_NONBLOCK);
  watch(EPOLL_CTL_ADD, signals, EPOLLIN, &signals_tag);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &input_tag};
  /* A file or /dev/null can be read at any time, and epoll does not take it. */
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, engine_input, &event) != 0) input_always_ready = true;
  /* With no event asked for, epoll still tells that the reader has gone. */
  event = (struct epoll_event){.events = 0, .data.ptr = &output_tag};
  epoll_ctl(epoll, EPOLL_CTL_ADD, engine_output, &event);
}

/* Milliseconds until something is due, or -1. */
static int next_due(void) {
  if (input_always_ready && !input_paused) return 0;
  int64_t due = lingering != NULL ? lingering->linger_until : INT64_MAX;
  if (phase != RUNNING) {
    int64_t look = phase == ENDING && running > 0 && !kill_sent ? grace_until : now_ms() + LOOK_AGAIN_MS;
    if (look < due) due = look;
  }
  if (next_look_at < due) due = next_look_at;
  if (look_hangs_at < due) due = look_hangs_at;
  if (lease_until != INT64_MAX) {
    int64_t lease_due = now_ms() + lease_until - elapsed_ms();
    if (lease_due < due) due = lease_due;
  }
  if (due == INT64_MAX) return -1;
  int64_t wait = due - now_ms();
  return wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : (int)wait;
}

int main(int argc, char **argv) {
  prepare(argc, argv);
  put_hello();
  for (;;) {
    flush_and_watch();
    look_at_memory();
    send_to_helpers();
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, next_due());
    /* First: what arrived while this process was stopped must not prolong a lease that has ended. */
    look_at_lease();
    bool children_changed = false, helpers_ready[HELPERS] = {false};
    for (int i = 0; i < count; i++) {
      void *tag = events[i].data.ptr;
      if (tag == &signals_tag) {
        children_changed = true;
      } else if (tag == &output_tag) {
        /* Of a connection the input tells its end, after all that was sent before it. */
        if (events[i].events & (EPOLLHUP | EPOLLERR) && connect_count == 0) lose_engine(0);
      } else if (tag >= (void *)helpers && tag < (void *)(helpers + HELPERS)) {
        helpers_ready[(struct helper *)tag - helpers] = true;
      } else if (tag != &input_tag) {
        output_ready(tag, events[i].events);
      } else if (input_paused && events[i].events & (EPOLLHUP | EPOLLERR)) {
        lose_engine(0);
      } else if (!engine_gone) {
        input_ready();
      }
    }
    /* These after the outputs: a report frees them, and their event may be in this very batch. */
    for (int i = 0; i < HELPERS; i++) {
      if (helpers_ready[i] && helpers[i].pid != 0) helper_ready(&helpers[i]);
    }
    if (children_changed) {
      struct signalfd_siginfo ignored;
      while (read(signals, &ignored, sizeof ignored) > 0) continue;
      reap();
    }
    if (input_always_ready && !input_paused) input_ready();
    report_lingering();
    if (phase != RUNNING) advance_end();
  }
}
