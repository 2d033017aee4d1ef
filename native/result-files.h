/*
 * The files of what tasks write, as told under "Files" in src/engine/launcher-protocol.ts: the jobs of the helpers that
 * make and write them. `key` stands for one output of one task, from OPEN to FINISH or FORGET.
 */

#ifndef RESULT_FILES_H
#define RESULT_FILES_H

enum {
  FILE_OPEN = 1,   /* the path: what is there is removed. No reply */
  FILE_DATA = 2,   /* the next bytes. Reply: `error`, 0 or the first that there was */
  FILE_FINISH = 3, /* all has come. Reply, when the file is closed: `error` */
  FILE_FORGET = 4, /* as FINISH, without a reply */
};

/* The most bytes of one FILE_DATA, and of an output that are on their way. */
enum { FILE_DATA_MOST = 64 << 10 };

_Noreturn void serve_result_files(int socket);

#endif
