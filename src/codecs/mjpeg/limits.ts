/** A larger picture is given up; 4:4:4 at 8K and full quality stays below it. */
export const MAX_JPEG_BYTES = 32 * 1024 * 1024;

/** The header lines of one part of a multipart stream may take this much together. */
export const MAX_PART_HEADER_BYTES = 16 * 1024;
