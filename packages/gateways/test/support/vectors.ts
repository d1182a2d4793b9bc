import { readFileSync } from 'node:fs';
import { fromHex } from '@airlift/kernel';

/** A whole datagram with what it holds. */
export interface SemtechVector {
  readonly id: string;
  readonly note: string;
  readonly kind: string;
  readonly token: string;
  readonly hex: string;
  readonly gatewayId?: string;
  readonly json?: string;
  readonly expect?: Readonly<Record<string, unknown>>;
}

const file = JSON.parse(readFileSync(new URL('../../../../vectors/l2.json', import.meta.url), 'utf8')) as {
  readonly semtech: readonly SemtechVector[];
};

/** The datagrams of one kind. */
export function vectorsOf(kind: string): readonly SemtechVector[] {
  return file.semtech.filter((vector) => vector.kind === kind);
}

/** The vector with that name. */
export function vector(id: string): SemtechVector {
  const found = file.semtech.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no vector ${id}`);
  return found;
}

export const octetsOf = ({ hex }: SemtechVector): Uint8Array => fromHex(hex);
export const tokenOf = ({ token }: SemtechVector): number => Number.parseInt(token, 16);
