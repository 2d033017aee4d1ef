/**
 * The names of the system's errors that keep a file from being written, as Linux numbers them. Pure: node:os has the
 * numbers of the machine that it runs on, and a node may be another.
 */

const names: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  12: 'ENOMEM',
  13: 'EACCES',
  17: 'EEXIST',
  20: 'ENOTDIR',
  21: 'EISDIR',
  23: 'ENFILE',
  24: 'EMFILE',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  36: 'ENAMETOOLONG',
  40: 'ELOOP',
  107: 'ENOTCONN',
  110: 'ETIMEDOUT',
  116: 'ESTALE',
  122: 'EDQUOT',
};

/** The name of an errno, or `errno N` for one that has none here. */
export function errnoName(errno: number): string {
  return names[errno] ?? `errno ${errno}`;
}
