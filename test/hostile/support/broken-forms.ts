import type { Rng } from '@airlift/kernel';

const BOUNDARY = 'frontier';
const FORM = `multipart/form-data; boundary=${BOUNDARY}`;
const MANY_PARTS = 5_000;

export interface BrokenForm {
  readonly what: string;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** Uploads that no client of good will sends. */
export function brokenForms(rng: Rng): readonly BrokenForm[] {
  const part = (name: string, filename: string, content = 'octets'): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\n\r\n${content}\r\n`;
  const end = `--${BOUNDARY}--\r\n`;
  const form = (what: string, body: string | Uint8Array): BrokenForm => ({ what, contentType: FORM, body });
  return [
    { what: 'no boundary', contentType: 'multipart/form-data', body: part('fotafile', 'a.bin') + end },
    {
      what: 'a boundary without end',
      contentType: `${FORM}${'x'.repeat(5_000)}`,
      body: part('fotafile', 'a.bin') + end,
    },
    { what: 'another content type', contentType: 'application/json', body: '{}' },
    form('nothing', ''),
    form('no boundary in the body', 'octets without any frontier'),
    form('octets', rng.octets(5_000)),
    form('the end alone', end),
    form('an end in the head of a part', `--${BOUNDARY}\r\nContent-Disposition: form-da`),
    form('an end in the content', part('fotafile', 'a.bin').slice(0, -4)),
    form('no last boundary', part('fotafile', 'a.bin')),
    form('a part without a head', `--${BOUNDARY}\r\n\r\noctets\r\n${end}`),
    form('a head of 100 kB', `--${BOUNDARY}\r\nX-Long: ${'y'.repeat(100_000)}\r\n\r\noctets\r\n${end}`),
    form('thousands of parts', Array.from({ length: MANY_PARTS }, (_, i) => part(`p${i}`, `f${i}.bin`)).join('') + end),
    form(
      'thousands of fields',
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n`.repeat(MANY_PARTS) + end,
    ),
    form('a name of dots', part('fotafile', '..') + end),
    form('a name with a NUL', part('fotafile', 'a\u0000b.bin') + end),
    form('a long name', part('fotafile', 'n'.repeat(3_000)) + end),
    form('an empty file', part('fotafile', 'a.bin', '') + end),
    form('a file over the limit', part('fotafile', 'a.bin', 'z'.repeat(5 * 1024 * 1024)) + end),
  ];
}
