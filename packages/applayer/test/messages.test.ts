import { fromHex, toHex } from '@airlift/kernel';
import type { ViewFields } from '@airlift/wire';
import { expect, test } from 'vitest';
import { PACKAGES } from './support/packages.ts';
import { vectors } from './support/vectors.ts';

interface MessageVector {
  readonly package: string;
  readonly version: string;
  readonly direction: 'uplink' | 'downlink';
  readonly fport: number;
  readonly name: string;
  readonly fields: ViewFields;
  readonly hex: string;
}

const { messages } = vectors<{ messages: MessageVector[] }>('messages.json');

function codecOf(vector: MessageVector) {
  const codec = PACKAGES.find((one) => one.name === vector.package);
  if (codec === undefined) throw new Error(`no package ${vector.package}`);
  const direction: 'up' | 'down' = vector.direction === 'uplink' ? 'up' : 'down';
  return { codec, version: Number.parseInt(vector.version, 10), direction };
}

const label = (vector: MessageVector) => `${vector.package} ${vector.version} ${vector.name} ${vector.hex}`;
const single = messages.filter((vector) => !vector.name.includes('+'));
const several = messages.filter((vector) => vector.name.includes('+'));

test.each(single.map((vector) => [label(vector), vector] as const))('%s', (_, vector) => {
  const { codec, version, direction } = codecOf(vector);
  expect(codec.defaultFPort).toBe(vector.fport);
  const commands = codec.decode(version, direction, fromHex(vector.hex));
  expect(commands.map((one) => codec.view(version, direction, one))).toEqual([
    { name: vector.name, fields: vector.fields },
  ]);
  const command = codec.fromView(version, direction, { name: vector.name, fields: vector.fields });
  expect(toHex(codec.encode(version, direction, [command]))).toBe(vector.hex);
  expect([command]).toEqual(commands);
});

test.each(several.map((vector) => [label(vector), vector] as const))('%s', (_, vector) => {
  const { codec, version, direction } = codecOf(vector);
  const commands = codec.decode(version, direction, fromHex(vector.hex));
  const names = vector.name.replace(' in one downlink', '').split(/\s*\+\s*/);
  expect(commands.map((one) => one.name)).toEqual(names);
  const views = commands.map((one) => codec.view(version, direction, one));
  const again = views.map((one) => codec.fromView(version, direction, one));
  expect(toHex(codec.encode(version, direction, again))).toBe(vector.hex);
});
