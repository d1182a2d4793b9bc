import { fromHex, toHex } from '@airlift/kernel';
import { describe, expect, test } from 'vitest';
import { type Ts004Version, ts004 } from '../src/index.ts';

function views(version: Ts004Version, hex: string) {
  return ts004.decode(version, 'up', fromHex(hex)).map((one) => ts004.view(version, 'up', one));
}

const NO_SESSION = { name: 'FragSessionStatusAns', fields: { SessionDoesNotExist: 1 } };

describe('version 2 answers of a session that does not exist', () => {
  test('one octet, as specified', () => {
    expect(views(2, '0104')).toEqual([NO_SESSION]);
  });

  test('four octets, as Basics Modem sends them', () => {
    const counts = { FragIndex: 2, NbFragReceived: 0, MissingFrag: 0 };
    expect(views(2, '0104008000')).toEqual([{ ...NO_SESSION, fields: { ...NO_SESSION.fields, ...counts } }]);
    const [message] = ts004.decode(2, 'up', fromHex('0104008000'));
    if (message === undefined) throw new Error('nothing was read');
    expect(toHex(ts004.encode(2, 'up', [message]))).toBe('0104008000');
  });

  test('one octet, then other answers', () => {
    const version = { name: 'PackageVersionAns', fields: { PackageIdentifier: 3, PackageVersion: 2 } };
    expect(views(2, '0104000302')).toEqual([NO_SESSION, version]);
    const deleted = { name: 'FragSessionDeleteAns', fields: { FragIndex: 0, SessionDoesNotExist: 1 } };
    expect(views(2, '01040304')).toEqual([NO_SESSION, deleted]);
  });

  test('error bits beside it are shown', () => {
    expect(views(2, '0105')).toEqual([
      { name: 'FragSessionStatusAns', fields: { MemoryError: 1, SessionDoesNotExist: 1 } },
    ]);
  });

  test('counts are all given or all left out', () => {
    const fields = { MemoryError: false, MICError: false, SessionDoesNotExist: true, FragIndex: 1 };
    const encode = () => ts004.encode(2, 'up', [{ name: 'FragSessionStatusAns', fields }]);
    expect(encode).toThrow(expect.objectContaining({ code: 'field-missing' }));
  });
});

test('one answer in the three orders: version 1, version 2, version 2 as STM32CubeWL sends it', () => {
  const counts = { FragIndex: 3, NbFragReceived: 1024, MissingFrag: 128 };
  const name = 'FragSessionStatusAns';
  expect(views(1, '0100c48001')).toEqual([{ name, fields: { ...counts, NotEnoughMatrixMemory: 1 } }]);
  const flags = { MemoryError: 1, MICError: 0, SessionDoesNotExist: 0 };
  expect(views(2, '010100c480')).toEqual([{ name, fields: { ...flags, ...counts } }]);
  expect(views('2-v1-status', '0100c48001')).toEqual([{ name, fields: { ...flags, ...counts } }]);
});
