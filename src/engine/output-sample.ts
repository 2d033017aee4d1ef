/**
 * Counts the bytes of one output of a task, and keeps its first 40 bytes and the last 40 of the rest.
 *
 * Pure. Runs in the portable launcher; the native one has the same in C. Never holds more than those 80 bytes, however
 * much goes through.
 */

import { asBytes, type ByteString, joinBytes, noBytes, ofArray } from '../base/byte-string.ts';
import type { OutputSample } from '../contract/messages.ts';
import { sampleHead, sampleTail } from './launcher-protocol.ts';

/** What went through so far. */
export class OutputSampler {
  private bytes = 0;
  private head: ByteString = noBytes;
  private tail: ByteString = noBytes;

  /** Takes the next bytes. The array may be used again afterwards. */
  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    const forHead = Math.min(sampleHead - this.head.length, chunk.length);
    if (forHead > 0) this.head = joinBytes(this.head, ofArray(chunk.subarray(0, forHead)));
    if (forHead === chunk.length) return;
    const last = ofArray(chunk.subarray(Math.max(forHead, chunk.length - sampleTail)));
    this.tail = asBytes((this.tail + last).slice(-sampleTail));
  }

  /** The sample of all bytes up to now. */
  sample(): Omit<OutputSample, 'fileError'> {
    return { bytes: this.bytes, head: this.head, tail: this.tail };
  }
}
