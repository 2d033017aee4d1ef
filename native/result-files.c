/*
 * Makes and writes the files of what tasks write. Runs in helpers of the launcher, so it may wait for a file system as
 * long as that takes.
 *
 * Always true: a file is made by its first byte, in place of nothing; after the first error, which is kept, nothing more
 * is written to it.
 */

#define _GNU_SOURCE
#include "result-files.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helper.h"

struct file {
  char *path;
  int fd; /* -1: not made yet, or closed */
  int error;
};

static struct file *files;
static uint32_t file_count;

static struct file *file_of(uint32_t key) {
  if (key >= file_count) {
    uint32_t count = key + 64;
    files = allocate(files, count * sizeof *files);
    memset(files + file_count, 0, (count - file_count) * sizeof *files);
    file_count = count;
  }
  return &files[key];
}

/* Makes the folder that a path up to there names, and those above it as far as they are missing. Returns 0 or an errno. */
static int make_folder(char *path, char *end) {
  if (end == path) return ENOENT;
  *end = '\0';
  int error = mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : errno;
  if (error == ENOENT) {
    char *above = strrchr(path, '/');
    error = above == NULL ? ENOENT : make_folder(path, above);
    if (error == 0 && mkdir(path, 0777) != 0 && errno != EEXIST) error = errno;
  }
  *end = '/';
  return error;
}

static int make_file(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0666);
}

static void open_file(struct file *file) {
  file->fd = make_file(file->path);
  if (file->fd < 0 && errno == ENOENT) {
    file->error = make_folder(file->path, strrchr(file->path, '/'));
    if (file->error != 0) return;
    file->fd = make_file(file->path);
  }
  if (file->fd < 0) file->error = errno;
}

static void close_file(struct file *file) {
  /* Some file systems tell only now that they could not keep what was written. After EINTR it is closed all the same. */
  if (file->fd >= 0 && close(file->fd) != 0 && errno != EINTR && file->error == 0) file->error = errno;
  file->fd = -1;
}

static void write_to(struct file *file, const char *data, size_t length) {
  if (file->error == 0 && file->fd < 0) open_file(file);
  while (length > 0 && file->error == 0) {
    ssize_t n = write(file->fd, data, length);
    if (n > 0) {
      data += n;
      length -= (size_t)n;
    } else if (n == 0 || errno != EINTR) {
      file->error = n == 0 ? EIO : errno;
    }
  }
  if (file->error != 0) close_file(file);
}

_Noreturn void serve_result_files(int socket) {
  signal(SIGXFSZ, SIG_IGN); /* over the limit on file sizes, a write is to fail with EFBIG */
  for (;;) {
    char *data;
    struct job job = next_job(socket, &data);
    struct file *file = file_of(job.key);
    switch (job.type) {
      case FILE_OPEN:
        *file = (struct file){.path = strdup(data), .fd = -1};
        if (file->path == NULL) file->error = ENOMEM;
        else if (unlink(file->path) != 0 && errno != ENOENT) file->error = errno;
        break;
      case FILE_DATA:
        write_to(file, data, job.length);
        put_reply((struct reply){.type = job.type, .key = job.key, .error = file->error});
        break;
      default:
        close_file(file);
        free(file->path);
        file->path = NULL;
        if (job.type == FILE_FINISH) put_reply((struct reply){.type = job.type, .key = job.key, .error = file->error});
    }
  }
}
