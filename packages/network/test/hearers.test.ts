import { type Eui64, parseEui64, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { Hearers } from '../src/hearers.ts';

const DEVICE = parseEui64('0004a30b001c0530');
const by = (gatewayEui: string, snrDb = 5, doubtful = false) => ({ gatewayEui: gatewayEui as Eui64, snrDb, doubtful });
const names = (hearers: Hearers): string =>
  hearers
    .of(DEVICE)
    .map(({ gatewayEui, latest }) => (latest ? gatewayEui : `(${gatewayEui})`))
    .join(' ');

describe('who hears a device', () => {
  it('is who heard its last uplink, then who heard the two before', () => {
    const hearers = new Hearers();
    expect(names(hearers)).toBe('');
    hearers.heard(DEVICE, [by('x')]);
    hearers.heard(DEVICE, [by('a', 9), by('b', 1)]);
    expect(names(hearers)).toBe('a b (x)');
    hearers.heard(DEVICE, [by('b', 4)]);
    expect(names(hearers)).toBe('b (a) (x)');
    expect(hearers.of(DEVICE)[0]?.snrDb).toBe(4);
    hearers.heard(DEVICE, [by('b')]);
    expect(names(hearers)).toBe('b (a)');
  });

  it('is not who brings a copy that anybody could have, unless there is no other', () => {
    const hearers = new Hearers();
    hearers.heard(DEVICE, [by('a'), by('forged', 20, true)]);
    expect(names(hearers)).toBe('a');
    hearers.heard(DEVICE, [by('b', 3, true), by('c', 2, true)]);
    expect(names(hearers)).toBe('b (a)');
  });

  it('is taken from the store only as long as nothing better is known', () => {
    const hearers = new Hearers();
    const stored = { ...by('s'), at: steadyMs(0), frequencyHz: 0, dataRate: 0, rssiDbm: 0 };
    hearers.recall(DEVICE, undefined);
    expect(hearers.knows(DEVICE)).toBe(false);
    hearers.recall(DEVICE, stored);
    expect(names(hearers)).toBe('s');
    hearers.heard(DEVICE, [by('a')]);
    hearers.recall(DEVICE, stored);
    expect(names(hearers)).toBe('a (s)');
  });

  it('is bounded: eight gateways of an uplink, a hundred thousand devices, those heard last', () => {
    const hearers = new Hearers();
    hearers.heard(
      DEVICE,
      Array.from({ length: 20 }, (_, i) => by(String(i), -i)),
    );
    expect(names(hearers)).toBe('0 1 2 3 4 5 6 7');
    const first = '0000000000000000' as Eui64;
    hearers.heard(first, [by('a')]);
    hearers.heard(DEVICE, [by('a')]);
    for (let i = 1; i < 100_000; i++) hearers.heard(i.toString(16).padStart(16, '0') as Eui64, [by('a')]);
    expect(hearers.knows(DEVICE)).toBe(true);
    expect(hearers.knows(first)).toBe(false);
  });
});
