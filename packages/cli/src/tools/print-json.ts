/** A JSON document for the standard output: for people by default, one line when `compact`. */
export function jsonText(value: unknown, compact = false): string {
  return `${JSON.stringify(value, undefined, compact ? 0 : 2)}\n`;
}
