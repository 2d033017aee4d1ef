/**
 * Writes a picture as a PNG file: 8 bits for each of red, green and blue, no palette, no transparency.
 *
 * Source: Portable Network Graphics (PNG) Specification, W3C, https://www.w3.org/TR/png-3/
 */

import { deflateSync } from 'node:zlib';

/** The remainder of each byte value, for the check sum (the specification's annex D). */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The check sum CRC-32 of the bytes. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = remainders[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A chunk of the file: length of the data, four letters that name its kind, the data, and a check sum of the last two. */
function chunk(kind, data) {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(kind, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/**
 * The bytes of a PNG file.
 *
 * @param pixels - red, green, blue, from left to right, the topmost row first
 */
export function encodePng(width, height, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // bits a sample, colour kind (RGB), and the only compression, filters and order

  // Each row stands as its difference from the row above (filter 2, "up"): smooth pictures pack better so.
  const stride = 3 * width;
  const rows = Buffer.alloc(height * (1 + stride));
  for (let row = 0; row < height; row++) {
    const at = row * (1 + stride);
    rows[at] = 2;
    for (let i = 0; i < stride; i++) {
      const above = row === 0 ? 0 : pixels[(row - 1) * stride + i];
      rows[at + 1 + i] = pixels[row * stride + i] - above;
    }
  }

  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(rows, { level: 6 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}
