/**
 * Makes requests of the bytes of one connection, in whatever chunks they come. Pure.
 *
 *   operation ─► done (dump, clos, down)
 *             ─► key ─► done (get_, view)
 *                    ─► watch ─► done (mkey)
 *                    ─► encoding ─► value ─► done (put_)
 *
 * A value is handed on as it comes and never held here. What is held of the rest is what has come of one field: no more
 * than the limit of a key, whatever length was announced.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';
import { clipped, visible } from '../base/terminal-text.ts';
import {
  defaultRequestLimits,
  lengthBytes,
  parseLength,
  StoreError,
  wordBytes,
  type RequestLimits,
} from './protocol.ts';

/** A request, or a part of one: after `put` come `value` parts, the last of which says so. */
export type RequestPart =
  | { readonly type: 'put'; readonly key: ByteString; readonly encoding: ByteString; readonly length: number }
  | { readonly type: 'value'; readonly bytes: Uint8Array; readonly last: boolean }
  | { readonly type: 'get' | 'view'; readonly key: ByteString }
  | { readonly type: 'mkey'; readonly key: ByteString; readonly watch: ByteString }
  | { readonly type: 'dump' | 'clos' | 'down' };

type Field = 'operation' | 'key length' | 'key' | 'watch length' | 'watch' | 'encoding' | 'value length';

/** Room for `:gpvw` after the key that is watched. */
const eventRoom = 16;

const none = new Uint8Array(0);

export class RequestReader {
  private readonly limits: RequestLimits;
  private field: Field = 'operation';
  /** Bytes of the field. */
  private wanted = wordBytes;
  private operation = '';
  private key = asBytes('');
  private encoding = asBytes('');
  /** What has come of a field that is not whole. */
  private held: Buffer = Buffer.alloc(0);
  private heldBytes = 0;
  /** Bytes of the value that are still to come. */
  private valueLeft = 0;

  constructor(limits: RequestLimits = defaultRequestLimits) {
    this.limits = limits;
  }

  /**
   * The parts that come with this chunk. `bytes` of a part is memory of the chunk. After `clos` and `down` nothing is read.
   *
   * @throws StoreError with what is wrong, from where on nothing can be read
   */
  *read(chunk: Uint8Array): Generator<RequestPart> {
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < data.length) {
      if (this.valueLeft > 0) {
        const bytes = data.subarray(at, at + this.valueLeft);
        at += bytes.length;
        this.valueLeft -= bytes.length;
        yield { type: 'value', bytes, last: this.valueLeft === 0 };
        continue;
      }
      const missing = this.wanted - this.heldBytes;
      if (data.length - at < missing) {
        this.hold(data.subarray(at));
        return;
      }
      const text = this.takeField(data.subarray(at, at + missing));
      at += missing;
      for (const part of this.fieldRead(text)) {
        yield part;
        if (part.type === 'clos' || part.type === 'down') return;
      }
      // A field of no bytes is whole without a further one.
      if (this.wanted === 0) yield* this.fieldRead(asBytes(''));
    }
  }

  /** Whether the bytes so far end within a request. */
  get inRequest(): boolean {
    return this.field !== 'operation' || this.heldBytes > 0 || this.valueLeft > 0;
  }

  private *fieldRead(text: ByteString): Generator<RequestPart> {
    switch (this.field) {
      case 'operation':
        yield* this.operationRead(text);
        return;
      case 'key length':
        this.expect('key', this.length(text, 'a key', this.limits.key));
        return;
      case 'key':
        this.key = text;
        if (this.operation === 'put_') this.expect('encoding', wordBytes);
        else if (this.operation === 'mkey') this.expect('watch length', lengthBytes);
        else {
          this.expect('operation', wordBytes);
          yield { type: this.operation === 'get_' ? 'get' : 'view', key: text };
        }
        return;
      case 'watch length':
        this.expect('watch', this.length(text, 'what a monitor key watches', this.limits.key + eventRoom));
        return;
      case 'watch':
        this.expect('operation', wordBytes);
        yield { type: 'mkey', key: this.key, watch: text };
        return;
      case 'encoding':
        this.encoding = text;
        this.expect('value length', lengthBytes);
        return;
      case 'value length': {
        const length = this.length(text, 'a value', this.limits.value);
        this.valueLeft = length;
        this.expect('operation', wordBytes);
        yield { type: 'put', key: this.key, encoding: this.encoding, length };
        if (length === 0) yield { type: 'value', bytes: none, last: true };
        return;
      }
    }
  }

  private *operationRead(operation: string): Generator<RequestPart> {
    switch (operation) {
      case 'put_':
      case 'get_':
      case 'view':
      case 'mkey':
        this.operation = operation;
        this.expect('key length', lengthBytes);
        return;
      case 'dump':
      case 'clos':
      case 'down':
        this.expect('operation', wordBytes);
        yield { type: operation };
        return;
      default:
        throw new StoreError(
          'operation',
          `"${visible(operation)}" stands where an operation was expected (put_, get_, view, mkey, dump, clos or down)`,
        );
    }
  }

  private expect(field: Field, bytes: number): void {
    this.field = field;
    this.wanted = bytes;
  }

  private length(text: string, of: string, limit: number): number {
    const bytes = parseLength(text);
    if (bytes === undefined) {
      throw new StoreError('length', `"${clipped(visible(text), 40)}" stands where the length of ${of} was expected`);
    }
    if (bytes > limit) throw new StoreError('limit', `${of} of ${bytes} bytes is announced, ${limit} are allowed`);
    return bytes;
  }

  /** The field, with what was held of it before. */
  private takeField(rest: Buffer): ByteString {
    const before = this.held.toString('latin1', 0, this.heldBytes);
    this.heldBytes = 0;
    if (this.held.length > 64) this.held = Buffer.alloc(0);
    return asBytes(before + rest.toString('latin1'));
  }

  private hold(bytes: Buffer): void {
    const needed = this.heldBytes + bytes.length;
    if (needed > this.held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.wanted, Math.max(64, 2 * needed)));
      this.held.copy(larger, 0, 0, this.heldBytes);
      this.held = larger;
    }
    bytes.copy(this.held, this.heldBytes);
    this.heldBytes = needed;
  }
}
