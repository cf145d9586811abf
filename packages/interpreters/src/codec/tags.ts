/**
 * The byte format: every value starts with one tag byte.
 *
 * Tags below `FIRST_JAVASCRIPT_TAG`, and the two ranges at the top, are neutral: any guest language
 * can read them, so their numbers and layouts must not change. All other tags express what only
 * JavaScript has. Lengths and counts are varints (LEB128); numbers are little-endian.
 */

// The codec tag of a whole record, one byte beside the payload. Other languages take numbers from 2 to 255.

/** The payload has neutral tags only. */
export const CODEC_NEUTRAL = 0;
/** The payload has at least one tag that is JavaScript's. */
export const CODEC_JAVASCRIPT = 1;

export const TAG_NULL = 0x00;
export const TAG_FALSE = 0x01;
export const TAG_TRUE = 0x02;
/** 4 bytes, two's complement. */
export const TAG_INT32 = 0x03;
/** An integer within ±2^53, but not negative zero, as an 8-byte float64. */
export const TAG_INT53 = 0x04;
/** 8 bytes two's complement. JavaScript reads a bigint, other languages their integer. */
export const TAG_INT64 = 0x05;
/** Any other number, as an 8-byte float64. */
export const TAG_FLOAT64 = 0x06;
/** Count, then one byte per character (U+0000 to U+00FF). */
export const TAG_LATIN1 = 0x07;
/** Count of UTF-16 code units, then two bytes for each; surrogates may be unpaired. */
export const TAG_UTF16 = 0x08;
/** Count, then the bytes. */
export const TAG_BYTES = 0x09;
/** Count, then the values: a tuple. */
export const TAG_ARRAY = 0x0a;
/** Index into the payload's references. */
export const TAG_REFERENCE = 0x0b;

export const FIRST_JAVASCRIPT_TAG = 0x10;

export const TAG_UNDEFINED = 0x10;
/** Takes the place of a missing value: a hole of an array, a property that a getter deleted during the walk. */
export const TAG_ABSENT = 0x11;
export const TAG_BIGINT = 0x12;
/** Count, then that many keys (strings) and values. */
export const TAG_OBJECT = 0x13;
/** Length (2 bytes) and bytes of a shape (see shapes.ts), which gets the next shape number; then the values. */
export const TAG_OBJECT_NEW_SHAPE = 0x14;
/** Shape number, then the values. */
export const TAG_OBJECT_OF_SHAPE = 0x15;
/** Number of an object that came before. */
export const TAG_BACK = 0x16;
/** Number of a view that came before: the value is that view's buffer. */
export const TAG_BACK_BUFFER = 0x17;
/** Like an array, followed by a count of keys and values of its other properties. */
export const TAG_ARRAY_WITH_PROPERTIES = 0x18;
/** Length, then a count of keys and values. */
export const TAG_SPARSE_ARRAY = 0x19;
export const TAG_DATE = 0x1a;
export const TAG_REGEXP = 0x1b;
export const TAG_MAP = 0x1c;
export const TAG_SET = 0x1d;
export const TAG_BOXED = 0x1e;
export const TAG_ERROR = 0x1f;
export const TAG_DOM_EXCEPTION = 0x20;
export const TAG_ARRAY_BUFFER = 0x21;
/** Like a DOMException without a name, with two values after the message: the quota, and what was requested. */
export const TAG_QUOTA_EXCEEDED = 0x24;
/** Name (a string), then what the type's `encode` made of the instance. */
export const TAG_REGISTERED = 0x25;
/** Kind, byte count, bytes: a view that spans a buffer of its own. */
export const TAG_VIEW = 0x22;
/** Kind, byte offset, 1 + element count (0 if the view follows its buffer's length), the buffer as a value. */
export const TAG_VIEW_OVER = 0x23;

/** 0x40 + length, then that many bytes: a short `TAG_LATIN1`. */
export const TAG_SHORT_LATIN1 = 0x40;
export const SHORT_LATIN1_MAX = 0x3f;
/** 0x80 + value: an integer from 0 to 127. */
export const TAG_SMALL_INT = 0x80;
