/** Installs the development packages when they are absent or older than the lock file; else does nothing, at once. */
import { install } from './steps.mjs';

install();
