/**
 * The part of Node's `Buffer` that the package uses. A page's own functions for text (`TextDecoder`, `encodeInto`) refuse shared memory, so these
 * copy it first.
 */
const encoder = new TextEncoder();
const utf8 = new TextDecoder();
const { fromCharCode } = String;

/** Characters that one call of `fromCharCode` takes. */
const PIECE = 4096;

const isPrivate = (bytes: Uint8Array): boolean => bytes.buffer instanceof ArrayBuffer;

class PageBuffer extends Uint8Array {
  static allocUnsafeSlow(size: number): PageBuffer {
    return new PageBuffer(size);
  }

  static allocUnsafe(size: number): PageBuffer {
    return new PageBuffer(size);
  }

  static alloc(size: number): PageBuffer {
    return new PageBuffer(size);
  }

  static override from(source: unknown, offset?: unknown, length?: number): PageBuffer {
    if (typeof source === "string") {
      if (offset === "latin1") {
        const bytes = new PageBuffer(source.length);
        bytes.latin1Write(source, 0);
        return bytes;
      }
      const { buffer, byteOffset, byteLength } = encoder.encode(source);
      return new PageBuffer(buffer, byteOffset, byteLength);
    }
    if (ArrayBuffer.isView(source) || Array.isArray(source)) {
      const from = source as ArrayLike<number>;
      const bytes = new PageBuffer(from.length);
      bytes.set(from);
      return bytes;
    }
    return new PageBuffer(source as ArrayBuffer, offset as number | undefined, length);
  }

  static byteLength(text: string): number {
    return encoder.encode(text).length;
  }

  latin1Write(text: string, offset: number): number {
    for (let i = 0; i < text.length; i++) this[offset + i] = text.charCodeAt(i);
    return text.length;
  }

  ucs2Write(text: string, offset: number): number {
    for (let i = 0, at = offset; i < text.length; i++, at += 2) {
      const code = text.charCodeAt(i);
      this[at] = code;
      this[at + 1] = code >> 8;
    }
    return text.length * 2;
  }

  latin1Slice(from: number, to: number): string {
    const bytes = this.slicePrivate(from, to);
    if (bytes.length <= PIECE) return fromCharCode.apply(undefined, bytes as unknown as number[]);
    let text = "";
    for (let at = 0; at < bytes.length; at += PIECE)
      text += fromCharCode.apply(undefined, bytes.subarray(at, at + PIECE) as unknown as number[]);
    return text;
  }

  ucs2Slice(from: number, to: number): string {
    const bytes = this.slicePrivate(from, to);
    let text = "";
    // `TextDecoder` would replace what is no whole character.
    for (let at = 0; at < bytes.length; at += 2 * PIECE) {
      const units: number[] = [];
      for (let i = at; i < Math.min(at + 2 * PIECE, bytes.length); i += 2)
        units.push(bytes[i] | (bytes[i + 1] << 8));
      text += fromCharCode.apply(undefined, units);
    }
    return text;
  }

  private slicePrivate(from: number, to: number): Uint8Array {
    const part = new Uint8Array(this.buffer, this.byteOffset + from, to - from);
    return isPrivate(part) ? part : new Uint8Array(part);
  }

  override toString(encoding?: string, from = 0, to: number = this.length): string {
    if (encoding === "hex") {
      let text = "";
      for (let i = from; i < to; i++) text += this[i].toString(16).padStart(2, "0");
      return text;
    }
    if (encoding === "latin1") return this.latin1Slice(from, to);
    return utf8.decode(this.slicePrivate(from, to));
  }

  write(text: string, offset = 0, encoding?: string): number {
    if (encoding === "hex") {
      for (let i = 0; i < text.length; i += 2)
        this[offset + i / 2] = Number.parseInt(text.slice(i, i + 2), 16);
      return text.length / 2;
    }
    if (encoding === "latin1") return this.latin1Write(text, offset);
    const bytes = encoder.encode(text);
    this.set(bytes, offset);
    return bytes.length;
  }

  readInt32LE(offset: number): number {
    return this[offset] | (this[offset + 1] << 8) | (this[offset + 2] << 16) | (this[offset + 3] << 24);
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, i) => byte === other[i]);
  }
}

export { PageBuffer as Buffer };
