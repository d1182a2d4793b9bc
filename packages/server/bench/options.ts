/** The value of `--name=value` or `--name value` on the command line. */
export function option(name: string): string | undefined {
  const flag = `--${name}`;
  const place = process.argv.findIndex((one) => one === flag || one.startsWith(`${flag}=`));
  const found = process.argv[place];
  if (found === undefined) return undefined;
  return found === flag ? process.argv[place + 1] : found.slice(flag.length + 1);
}

/** Whether `--name` is on the command line. */
export function isGiven(name: string): boolean {
  return process.argv.includes(`--${name}`);
}
