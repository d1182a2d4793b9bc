import { fromHex, PeerError, parseEui64, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDatagram, encodeDatagram } from '../../src/gateway/semtech-datagram.ts';
import { vectorFile } from '../vectors.ts';

interface SemtechVector {
  readonly id: string;
  readonly kind: string;
  readonly token: string;
  readonly hex: string;
  readonly gatewayId?: string;
  readonly json?: string;
}

const { semtech } = vectorFile<{ semtech: readonly SemtechVector[] }>('l2.json');

describe('known answers', () => {
  it.each(semtech.map((vector) => [vector.id, vector] as const))('%s reads and writes', (_, vector) => {
    const datagram = decodeDatagram(fromHex(vector.hex));
    expect(datagram).toEqual({
      kind: vector.kind.toLowerCase().replace('_', '-'),
      token: Number.parseInt(vector.token, 16),
      ...(vector.gatewayId === undefined ? {} : { gatewayEui: parseEui64(vector.gatewayId) }),
      ...(vector.json === undefined ? {} : { json: vector.json }),
    });
    expect(toHex(encodeDatagram(datagram))).toBe(vector.hex);
  });
});

it.each([
  ['', 'semtech-short'],
  ['020000', 'semtech-short'],
  ['01000003', 'semtech-version'],
  ['02000006', 'semtech-kind'],
  ['0200000200', 'semtech-short'],
])('refuses %s', (hex, code) => {
  expect(() => decodeDatagram(fromHex(hex))).toThrowError(expect.objectContaining({ code }) as Error);
});

it('answers arbitrary octets with a datagram or a PeerError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
      try {
        decodeDatagram(octets);
      } catch (error) {
        expect(error).toBeInstanceOf(PeerError);
      }
    }),
  );
});
