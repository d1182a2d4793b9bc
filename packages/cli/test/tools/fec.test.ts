import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, Rng } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../support/run.ts';
import { blockOf, FRAG_VECTORS, losses, RULES, sha256 } from './support/frag-vectors.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlift-fec-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function encoded(block: Uint8Array, ...options: string[]) {
  const file = join(folder, 'image.bin');
  await writeFile(file, block);
  const { code, out, err } = await run(['fec', 'encode', file, ...options]);
  expect(code).toBe(0);
  return { lines: out.split('\n').slice(0, -1), err };
}

function session(frag: { nb_frag: number; frag_size: number; padding: number }, rule: string): string[] {
  return [
    ...['--nb-frag', `${frag.nb_frag}`, '--frag-size', `${frag.frag_size}`, '--padding', `${frag.padding}`],
    ...['--rule', rule, '--out', join(folder, 'out.bin')],
  ];
}

const cases = FRAG_VECTORS.flatMap((frag) => RULES.map((rule) => [`${frag.case} ${rule}`, frag, rule] as const));

test.each(cases)('%s: fragments as known, and the block from what is left of them', async (_, frag, rule) => {
  const { nb_frag: nbFrag, frag_size: fragSize, padding, redundancy, rules } = frag;
  const expected = rules[rule];
  const block = blockOf(frag);
  const { lines, err } = await encoded(
    block,
    ...['--frag-size', `${fragSize}`, '--parity', `${redundancy}`, '--rule', rule],
  );
  expect(err).toBe(
    `nb-frag=${nbFrag} frag-size=${fragSize} padding=${padding} parity=${redundancy} rule=${rule} ` +
      `octets=${block.length} sha256=${frag.block_sha256}\n`,
  );
  const fragments = lines.map((line, i) => {
    const [n, hex = ''] = line.split(' ');
    expect(n).toBe(`${i + 1}`);
    return fromHex(hex);
  });
  expect(sha256(Buffer.concat(fragments.slice(0, nbFrag)))).toBe(frag.uncoded_sha256_concat);
  expect(sha256(Buffer.concat(fragments.slice(nbFrag)))).toBe(expected.parity_concat_sha256);

  for (const k of [1, 2, 3]) {
    const [lostPlain, completedAt, received] = expected.random_loss.results[k] ?? [0, 0, 0];
    const lost = losses(frag, rule, k);
    const left = lines.filter((_line, i) => !lost(i + 1));
    const result = await run(['fec', 'decode', ...session(frag, rule)], `${left.join('\n')}\n`);
    if (completedAt === 0) {
      expect(result).toMatchObject({ code: 1, out: '' });
      continue;
    }
    const summary = `received=${left.length} used=${received} missing=${lostPlain} octets=${block.length} sha256=${frag.block_sha256}\n`;
    expect(result).toEqual({ code: 0, out: summary, err: '' });
    expect(sha256(await readFile(join(folder, 'out.bin')))).toBe(frag.block_sha256);
  }
});

describe.each(RULES)('random losses, rule %s', (rule) => {
  test('a complete set gives the block, an incomplete one leaves nothing behind', async () => {
    const seed = `fec tool ${rule}`;
    const rng = new Rng(seed);
    for (let round = 0; round < 25; round++) {
      const at = `seed ${seed}, round ${round}`;
      const fragSize = 1 + rng.below(60);
      const block = rng.octets(1 + rng.below(40 * fragSize));
      const nbFrag = Math.ceil(block.length / fragSize);
      const frag = { nb_frag: nbFrag, frag_size: fragSize, padding: nbFrag * fragSize - block.length };
      const { lines } = await encoded(
        block,
        ...['--frag-size', `${fragSize}`, '--parity', `${10 + nbFrag}`, '--rule', rule],
        ...(round % 2 === 0 ? ['--json'] : []),
      );
      const left = lines.filter(() => rng.chance(0.6)).sort(() => rng.unit() - 0.5);
      const shuffled = [...left, ...left.slice(0, 3)].sort(() => rng.unit() - 0.5);
      const file = join(folder, 'left.txt');
      await writeFile(file, `# what is left\r\n\r\n${shuffled.join('\r\n')}`);
      await rm(join(folder, 'out.bin'), { force: true });
      const { code, out, err } = await run(['fec', 'decode', file, ...session(frag, rule), '--json']);
      if (code === 0) {
        expect(await readFile(join(folder, 'out.bin')), at).toEqual(Buffer.from(block));
        expect(JSON.parse(out), at).toMatchObject({
          received: left.length,
          octets: block.length,
          sha256: sha256(block),
        });
      } else {
        expect(err, at).toMatch(/^airlift: incomplete: \d+ more fragments are needed \(.*\)\n$/);
        expect((await readdir(folder)).sort(), at).toEqual(['image.bin', 'left.txt']);
      }
    }
  });
});

const frag = { nb_frag: 4, frag_size: 3, padding: 2 };
const block = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
const small = ['--frag-size', '3', '--parity', '2', '--rule', 'v1'];

describe('what is printed', () => {
  test('lines', async () => {
    const { lines } = await encoded(block, ...small);
    expect(lines.slice(0, 4)).toEqual(['1 010203', '2 040506', '3 070809', '4 0a0000']);
    expect(lines).toHaveLength(6);
  });

  test('JSON lines, with the summary in JSON beside them', async () => {
    const { lines, err } = await encoded(block, ...small, '--json');
    expect(lines[3]).toBe('{"n":4,"hex":"0a0000"}');
    expect(JSON.parse(err)).toEqual({
      nbFrag: 4,
      fragSize: 3,
      padding: 2,
      parity: 2,
      rule: 'v1',
      octets: 10,
      sha256: sha256(block),
    });
  });

  test('from a fragment on', async () => {
    const whole = await encoded(block, ...small);
    for (const from of [1, 3, 5, 6]) {
      expect((await encoded(block, ...small, '--from', `${from}`)).lines).toEqual(whole.lines.slice(from - 1));
    }
  });

  test('from the standard input', async () => {
    const { code, out } = await run(['fec', 'encode', '-', ...small], block);
    expect({ code, first: out.split('\n')[0] }).toEqual({ code: 0, first: '1 010203' });
  });

  test('as many fragments as there can be', async () => {
    const octets = new Rng('many').octets(300);
    const { lines } = await encoded(octets, '--frag-size', '1', '--parity', `${16_383 - 300}`, '--rule', 'v2a');
    expect(lines).toHaveLength(16_383);
    expect(lines.at(-1)).toMatch(/^16383 [0-9a-f]{2}$/);
  });
});

describe('refusals', () => {
  const lines = '1 010203\n2 040506\n3 070809\n4 0a0000\n';
  const decode = (text: string, more: string[] = []) => run(['fec', 'decode', ...session(frag, 'v1'), ...more], text);

  test.each([
    ['text', 'hello\n', 'line 1'],
    ['JSON that is no fragment', '\n{"n":1}\n', 'line 2'],
    ['broken JSON', '{"n":1,\n', 'line 1'],
    ['half an octet', '1 01020\n', 'line 1'],
    ['a fragment too long', '# x\n1 01020304\n', 'line 2: fragment 1 has 4 octets, not 3'],
    ['number 0', '0 010203\n', 'not 0'],
    ['number 16384', '16384 010203\n', 'not 16384'],
    ['a repetition that differs', `${lines}2 040507\n`, 'line 5: fragment 2 was different before'],
    ['too few', '1 010203\n2 040506\n', 'incomplete: 2 more'],
    ['nothing', '', 'incomplete: 4 more'],
  ])('%s', async (_, text, message) => {
    const { code, out, err } = await decode(text);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(message);
    expect(err).toMatch(/^airlift: .*\n$/);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a file that is there stays as it was', async () => {
    await writeFile(join(folder, 'out.bin'), 'before');
    expect((await decode('1 010203\n')).code).toBe(1);
    expect(await readFile(join(folder, 'out.bin'), 'utf8')).toBe('before');
    expect((await decode(lines)).code).toBe(0);
    expect(await readFile(join(folder, 'out.bin'))).toEqual(Buffer.from(block));
    expect(await readdir(folder)).toEqual(['out.bin']);
  });

  test('the rule of other devices is noticed when there is a surplus', async () => {
    const octets = new Rng('rules').octets(500);
    const options = ['--frag-size', '10', '--parity', '20'];
    for (const [made, read] of [
      ['v1', 'v2r'],
      ['v2r', 'v2a'],
      ['v2a', 'v1'],
    ] as const) {
      const left = (await encoded(octets, ...options, '--rule', made)).lines.slice(8);
      const result = await run(
        ['fec', 'decode', ...session({ nb_frag: 50, frag_size: 10, padding: 0 }, read)],
        left.join('\n'),
      );
      expect(result).toMatchObject({ code: 1, out: '' });
      expect(result.err).toContain(`the rule is not ${read}`);
      expect(await readdir(folder)).toEqual(['image.bin']);
    }
  });

  test('the filler of another sender does not matter', async () => {
    const { code } = await decode(lines.replace('0a0000', '0affff'));
    expect(code).toBe(0);
    expect(await readFile(join(folder, 'out.bin'))).toEqual(Buffer.from(block));
  });

  test('files that do not fit', async () => {
    const file = join(folder, 'image.bin');
    const encode = (...options: string[]) => run(['fec', 'encode', file, '--rule', 'v1', ...options]);
    expect(await encode('--frag-size', '3', '--parity', '2')).toMatchObject({ code: 1, out: '' });
    await writeFile(file, '');
    expect(await encode('--frag-size', '3', '--parity', '2')).toMatchObject({ code: 1, out: '' });
    await writeFile(file, new Uint8Array(16_384));
    expect(await encode('--frag-size', '1', '--parity', '0')).toMatchObject({ code: 1, out: '' });
    expect(await encode('--frag-size', '2', '--parity', '8192')).toMatchObject({ code: 1, out: '' });
  });

  test.each([
    [['encode', 'x', '--frag-size', '0', '--parity', '1', '--rule', 'v1']],
    [['encode', 'x', '--frag-size', '256', '--parity', '1', '--rule', 'v1']],
    [['encode', 'x', '--frag-size', '10', '--parity', '-1', '--rule', 'v1']],
    [['encode', 'x', '--frag-size', '10', '--parity', '1', '--rule', 'v3']],
    [['encode', 'x', '--frag-size', '10', '--parity', '1']],
    [['encode', '--frag-size', '10', '--parity', '1', '--rule', 'v1']],
    [['decode', '--nb-frag', '4', '--frag-size', '3', '--padding', '3', '--rule', 'v1', '--out', 'x']],
    [['decode', '--nb-frag', '4', '--frag-size', '3', '--padding', '0', '--rule', 'v1', '--out', '-']],
    [['decode', '--nb-frag', '4', '--frag-size', '3', '--padding', '0', '--rule', 'v1']],
    [['decode', '--nb-frag', '16384', '--frag-size', '3', '--padding', '0', '--rule', 'v1', '--out', 'x']],
  ])('wrong usage: %j', async (args) => {
    const { code, out, err } = await run(['fec', ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });

  test('a start beyond the end', async () => {
    const file = join(folder, 'image.bin');
    await writeFile(file, block);
    expect(await run(['fec', 'encode', file, ...small, '--from', '7'])).toMatchObject({ code: 2, out: '' });
  });
});
