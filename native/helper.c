/*
 * Helpers, as told in helper.h: both ends of the socket between the launcher and a process that it has forked off itself.
 */

#define _GNU_SOURCE
#include "helper.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELPER_SOCKET = 3, READ_MOST = 256 << 10 };

/* ---- In the launcher ---- */

/* Leaves the helper's end of the socket, and nothing that the launcher has open: its ends would not be seen. */
static void keep_only(int socket) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < HELPER_SOCKET; fd++) dup2(null, fd); /* no file of a task may be one of these */
  if (socket != HELPER_SOCKET) dup2(socket, HELPER_SOCKET);
#ifdef SYS_close_range
  if (syscall(SYS_close_range, HELPER_SOCKET + 1u, ~0u, 0u) == 0) return;
#endif
  DIR *directory = opendir("/proc/self/fd");
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd > HELPER_SOCKET && fd != dirfd(directory)) close(fd);
  }
  closedir(directory);
}

static void bury(void) {
  while (waitpid(-1, NULL, __WCLONE | WNOHANG) > 0) continue;
}

bool helper_start(struct helper *helper, const char *name, void (*serve)(int socket)) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  bury();
  pid_t launcher = getpid();
  /* As fork, but without a signal at its end: then it is not among the children that the launcher waits for. */
  pid_t pid = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher) _exit(0);
    prctl(PR_SET_NAME, name);
    keep_only(ends[1]);
    serve(HELPER_SOCKET);
    _exit(0);
  }
  int why = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    errno = why;
    return false;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *helper = (struct helper){.pid = pid, .fd = ends[0], .jobs = helper->jobs, .replies = helper->replies};
  helper->jobs.length = helper->replies.length = 0;
  return true;
}

void helper_ask(struct helper *helper, uint32_t type, uint32_t key, const void *data, size_t length) {
  const struct job job = {type, key, (uint32_t)length};
  append(&helper->jobs, &job, sizeof job);
  append(&helper->jobs, data, length);
}

bool helper_send(struct helper *helper) {
  size_t sent = 0;
  while (sent < helper->jobs.length) {
    ssize_t n = write(helper->fd, helper->jobs.data + sent, helper->jobs.length - sent);
    if (n > 0) {
      sent += (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      break;
    } else if (n >= 0 || errno != EINTR) {
      return false;
    }
  }
  drop(&helper->jobs, sent);
  return true;
}

bool helper_receive(struct helper *helper) {
  struct bytes *replies = &helper->replies;
  make_room(replies, 64 * sizeof(struct reply));
  ssize_t n = read(helper->fd, replies->data + replies->length, replies->room - replies->length);
  if (n > 0) replies->length += (size_t)n;
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

bool helper_reply(struct helper *helper, struct reply *reply) {
  if (helper->replies.length < sizeof *reply) return false;
  memcpy(reply, helper->replies.data, sizeof *reply);
  drop(&helper->replies, sizeof *reply);
  return true;
}

void helper_end(struct helper *helper) {
  kill(helper->pid, SIGKILL);
  close(helper->fd);
  helper->pid = 0;
  helper->fd = -1;
  helper->jobs.length = helper->replies.length = 0;
  bury();
}

/* ---- In the helper ---- */

static struct bytes asked, answers;
static size_t asked_at;
static char behind; /* what the NUL has replaced */
static char *nul;

static void send_answers(int socket) {
  for (size_t sent = 0; sent < answers.length;) {
    ssize_t n = write(socket, answers.data + sent, answers.length - sent);
    if (n > 0) sent += (size_t)n;
    if (n <= 0 && errno != EINTR) _exit(0);
  }
  answers.length = 0;
}

void put_reply(struct reply reply) { append(&answers, &reply, sizeof reply); }

struct job next_job(int socket, char **data) {
  struct job job;
  if (nul != NULL) *nul = behind;
  nul = NULL;
  for (;;) {
    size_t there = asked.length - asked_at;
    if (there >= sizeof job) {
      memcpy(&job, asked.data + asked_at, sizeof job);
      if (there >= sizeof job + job.length) break;
    }
    drop(&asked, asked_at);
    asked_at = 0;
    send_answers(socket);
    make_room(&asked, READ_MOST);
    ssize_t n = read(socket, asked.data + asked.length, READ_MOST - 1); /* one is for the NUL */
    if (n > 0) asked.length += (size_t)n;
    if (n == 0 || (n < 0 && errno != EINTR)) _exit(0);
  }
  *data = asked.data + asked_at + sizeof job;
  asked_at += sizeof job + job.length;
  nul = asked.data + asked_at;
  behind = *nul;
  *nul = '\0';
  return job;
}
