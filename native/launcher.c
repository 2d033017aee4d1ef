/*
 * The native launcher: starts, watches and ends the tasks of one engine. Linux, C11, no libraries.
 *
 * It is a process of its own with the engine at the other end of its standard input and output, or of a connection that it
 * makes itself. The protocol, and all that a task may rely on, is told in the header of src/engine/launcher-protocol.ts;
 * portable-launcher.ts is the other implementation. One thread and one epoll loop, so nothing here blocks except the start of a process (vfork).
 *
 *                    START, SIGNAL
 *                        ┌──┐
 *   HELLO ──► RUNNING ◄──┘  │ END, or the engine is gone
 *                ▲          ▼
 *                │        ENDING    TERM sent; KILL after the grace; until all tasks are reported and their groups gone
 *           DONE │          ▼
 *                └────── SWEEPING   KILL to whatever tasks left behind, until there is none  ──► exit, if the engine is gone
 *
 * Always true: a task is in `lanes` from its start until its ENDED frame is queued; a pipe is in epoll until its end of
 * file; a process id is only ever signalled while it is a child that has not been waited for.
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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The frames are little-endian and are read and written as they lie in memory."
#endif

enum { PROTOCOL_VERSION = 3, FEATURE_USAGE = 1, FEATURE_SWEEP = 2 };
enum { START = 1, SIGNAL = 2, END = 3, LEAVE = 4, LEASE = 5 };
enum { HELLO = 1, STARTED = 2, ENDED = 3, FAILED = 4, DONE = 5 };
enum { LEASE_ENDED = 3, NO_ENGINE = 4 }; /* the exit statuses then */
enum { USUAL_PATIENCE_MS = 60000, CONNECT_MOST = 4, TELL_MOST = 16, NO_SLOT = -1 };
enum { SAMPLE = 40, LINGER_MS = 500, ORPHAN_GRACE_MS = 2000 };
enum { MAX_FRAME = 64 << 20, MAX_LANES = 1 << 20, READ_SIZE = 256 << 10, PENDING_LIMIT = 4 << 20 };
/* How often a wait that has no event of its own looks again, and how long a wait for the unkillable lasts. */
enum { LOOK_AGAIN_MS = 20, GIVE_UP_MS = 5000 };
enum { TASKS_BY_PID = 4096, EVENTS = 256 };

/* One output of a task: its pipe, how many bytes came, the first 40 and the last 40 of the rest. */
struct output {
  int fd;            /* -1 after the end of file */
  struct task *task; /* NULL once the task is reported: what still comes is dropped */
  uint64_t bytes;
  uint8_t head_length, tail_length;
  char head[SAMPLE], tail[SAMPLE];
};

struct task {
  uint32_t lane;
  pid_t pid;
  int exit_code;
  bool exited;
  double start, finish;
  struct rusage usage;
  struct output *outputs[2];
  int64_t linger_until;
  struct task *next_by_pid, *next_lingering;
};

struct bytes {
  char *data;
  size_t length, room;
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
static struct task *lingering, **lingering_end = &lingering; /* in the order of linger_until */
static pid_t *ending_groups;
static size_t ending_group_count;

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

static _Noreturn void die(const char *what) {
  fprintf(stderr, "disBatch launcher: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *allocate(void *old, size_t size) {
  void *memory = realloc(old, size);
  if (memory == NULL) die("memory");
  return memory;
}

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

static void make_room(struct bytes *bytes, size_t more) {
  if (bytes->room - bytes->length >= more) return;
  bytes->room = (bytes->length + more) * 2;
  bytes->data = allocate(bytes->data, bytes->room);
}

static void watch(int operation, int fd, uint32_t events, void *tag) {
  struct epoll_event event = {.events = events, .data.ptr = tag};
  if (epoll_ctl(epoll, operation, fd, &event) != 0 && operation != EPOLL_CTL_DEL) die("epoll_ctl");
}

/* ---- Frames to the engine: queued here, written once a turn of the loop ---- */

static void put(const void *data, size_t length) {
  make_room(&pending, length);
  memcpy(pending.data + pending.length, data, length);
  pending.length += length;
}

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

static void put_ended(const struct task *task) {
  const struct output *out = task->outputs[0], *error = task->outputs[1];
  const uint8_t lengths[4] = {out->head_length, out->tail_length, error->head_length, error->tail_length};
  put_frame(ENDED, 12 + 7 * 8 + 4 + lengths[0] + lengths[1] + lengths[2] + lengths[3]);
  put_u32(task->lane);
  put_u32((uint32_t)task->pid);
  put_u32((uint32_t)task->exit_code);
  put_f64(task->start);
  put_f64(task->finish);
  put_f64((double)out->bytes);
  put_f64((double)error->bytes);
  put_f64(seconds(task->usage.ru_utime));
  put_f64(seconds(task->usage.ru_stime));
  put_f64((double)task->usage.ru_maxrss * 1024);
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

static pid_t parent_of(const char *pid) {
  char path[64], stat[512];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, stat, sizeof stat - 1);
  close(fd);
  if (length <= 0) return -1;
  stat[length] = '\0';
  int parent;
  const char *after_name = strrchr(stat, ')'); /* a process may have ") R 1" in its name */
  return after_name != NULL && sscanf(after_name, ") %*c %d", &parent) == 1 ? parent : -1;
}

/* Some kernels lack the list of children in /proc. */
static void kill_children_by_search(void) {
  DIR *proc = opendir("/proc");
  if (proc == NULL) return;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && parent_of(entry->d_name) == launcher_pid) {
      kill(atoi(entry->d_name), SIGKILL);
    }
  }
  closedir(proc);
}

/* All that tasks left behind are children of the subreaper, or of one that is: killing those brings up the next. */
static void kill_children(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", launcher_pid);
  FILE *children = fopen(path, "re");
  if (children == NULL) {
    kill_children_by_search();
    return;
  }
  for (int pid; fscanf(children, "%d", &pid) == 1;) kill(pid, SIGKILL);
  fclose(children);
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

/* Queues ENDED and frees the lane. A pipe that a background process still holds lives on without the task. */
static void report(struct task *task) {
  put_ended(task);
  for (int i = 0; i < 2; i++) {
    struct output *output = task->outputs[i];
    output->task = NULL;
    if (output->fd < 0) free(output);
  }
  lanes[task->lane] = NULL;
  running--;
  free(task);
}

static bool pipes_ended(const struct task *task) { return task->outputs[0]->fd < 0 && task->outputs[1]->fd < 0; }

static void stop_lingering(struct task *task) {
  struct task **at = &lingering;
  while (*at != task) at = &(*at)->next_lingering;
  *at = task->next_lingering;
  if (*at == NULL) lingering_end = at;
}

/* Reads at most `times`; returns whether the pipe is at its end, and then has closed it. */
static bool drain(struct output *output, int times) {
  while (times-- > 0) {
    ssize_t n = read(output->fd, read_buffer, sizeof read_buffer);
    if (n > 0) {
      if (output->task != NULL) sample(output, read_buffer, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      /* To close it is not enough: a child that is just becoming its program still holds a copy for a moment, since vfork
       * returns before exec closes descriptors, and epoll would go on telling of an output that is no more. */
      watch(EPOLL_CTL_DEL, output->fd, 0, NULL);
      close(output->fd);
      output->fd = -1;
      return true;
    } else {
      break;
    }
  }
  return false;
}

static void output_ready(struct output *output, uint32_t events) {
  /* With the last writer gone, what is left is at most what the pipe holds. */
  if (!drain(output, events & EPOLLHUP ? 64 : 1)) return;
  struct task *task = output->task;
  if (task == NULL) {
    free(output);
  } else if (task->exited && pipes_ended(task)) {
    stop_lingering(task);
    report(task);
  }
}

static void task_exited(struct task *task, int status, const struct rusage *usage) {
  task->exited = true;
  task->finish = wall_clock();
  task->exit_code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  task->usage = *usage;
  remove_by_pid(task);
  for (int i = 0; i < 2; i++) {
    if (task->outputs[i]->fd >= 0) drain(task->outputs[i], 64);
  }
  if (pipes_ended(task)) {
    report(task);
  } else {
    task->linger_until = now_ms() + LINGER_MS;
    task->next_lingering = NULL;
    *lingering_end = task;
    lingering_end = &task->next_lingering;
  }
}

static void reap(void) {
  int status;
  struct rusage usage;
  for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &usage)) > 0;) {
    struct task *task = by_pid[pid % TASKS_BY_PID];
    while (task != NULL && task->pid != pid) task = task->next_by_pid;
    if (task != NULL) {
      task_exited(task, status, &usage);
    } else if (phase == SWEEPING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
      swept++;
    }
  }
}

static void report_lingering(void) {
  int64_t now = now_ms();
  while (lingering != NULL && lingering->linger_until <= now) {
    struct task *task = lingering;
    stop_lingering(task);
    report(task);
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

static void start(uint32_t lane, char *command, size_t command_length, char *env, size_t env_length) {
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
  double start_time = wall_clock();
  pid_t pid = error == NULL ? -1 : start_process(argv, task_env(env, env_length), write_ends[0], write_ends[1]);
  if (pid < 0) {
    int why = errno;
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
  watch(EPOLL_CTL_ADD, out->fd, EPOLLIN, out);
  watch(EPOLL_CTL_ADD, error->fd, EPOLLIN, error);
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
  uint32_t lane = u32_at(payload), command_length = u32_at(payload + 4);
  if (command_length > length - 8) return refuse_input("START is shorter than its command");
  char *env = payload + 8 + command_length;
  if (lane >= MAX_LANES) return refuse_input("START on a lane past the last");
  grow_lanes(lane);
  if (lanes[lane] != NULL) return refuse_input("START on a lane that is busy");
  if (!env_is_sound(env, length - 8 - command_length)) return refuse_input("START with an environment that is none");
  command.length = 0;
  make_room(&command, command_length + 1);
  memcpy(command.data, payload + 8, command_length);
  command.data[command_length] = '\0';
  start(lane, command.data, command_length, env, length - 8 - command_length);
}

static void handle_frame(char *frame, size_t length) {
  char *payload = frame + 1;
  length--;
  if (frame[0] == START && length >= 8) {
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
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, next_due());
    /* First: what arrived while this process was stopped must not prolong a lease that has ended. */
    look_at_lease();
    bool children_changed = false;
    for (int i = 0; i < count; i++) {
      void *tag = events[i].data.ptr;
      if (tag == &signals_tag) {
        children_changed = true;
      } else if (tag == &output_tag) {
        /* Of a connection the input tells its end, after all that was sent before it. */
        if (events[i].events & (EPOLLHUP | EPOLLERR) && connect_count == 0) lose_engine(0);
      } else if (tag != &input_tag) {
        output_ready(tag, events[i].events);
      } else if (input_paused && events[i].events & (EPOLLHUP | EPOLLERR)) {
        lose_engine(0);
      } else if (!engine_gone) {
        input_ready();
      }
    }
    /* After the outputs: a report frees them, and their event may be in this very batch. */
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
