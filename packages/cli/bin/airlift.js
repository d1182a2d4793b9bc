#!/usr/bin/env node
// The link to this file is made when npm installs, before anything is compiled.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('airlift is not compiled yet: run npm run build');
  process.exitCode = 1;
}
