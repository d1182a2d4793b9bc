import { ERROR_TABLE } from './error-table.ts';

/** The error table as a Markdown page, in the order of the HTTP statuses. */
export function errorTableMarkdown(): string {
  const rows = Object.entries(ERROR_TABLE)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, entry]) => `| \`${code}\` | ${entry.status} | ${entry.kind} | ${entry.text} | ${entry.when} |`);
  return [
    '# Errors of the HTTP contract',
    '',
    'Every failed request is answered with `{"code": <HTTP status>, "error": "<text>", "status": "fail"}`. The codes in',
    'the first column are stable and do not travel; `{…}` in a text is filled in.',
    '',
    '| code | HTTP | fault of | text | when |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
