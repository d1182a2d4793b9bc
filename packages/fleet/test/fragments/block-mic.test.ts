import { fromHex, toHex } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { blockMic } from '../../src/fragments/block-mic.ts';
import { sha256, stream, vectorFile } from '../vectors.ts';

interface Keys {
  readonly derivations: readonly {
    readonly root_key_kind: string;
    readonly root_key: string;
    readonly data_block_int_key: string;
  }[];
  readonly data_block_mic: readonly {
    readonly name: string;
    readonly data_block_int_key: string;
    readonly session_cnt: number;
    readonly frag_index: number;
    readonly descriptor_octets_on_air: string;
    readonly block_len: number;
    readonly block_sha256: string;
    readonly mic_octets_on_air: string;
  }[];
}

const { derivations, data_block_mic: cases } = vectorFile<Keys>('keys.json');
const rootKeys = new Map(derivations.map((one) => [one.data_block_int_key, fromHex(one.root_key)]));

describe('the MIC of a block', () => {
  it.each(cases)('$name', (known) => {
    const rootKey = rootKeys.get(known.data_block_int_key);
    if (rootKey === undefined) throw new Error(`no root key for ${known.name}`);
    const block = stream(`mic/${known.name}`, known.block_len);
    expect(sha256(block)).toBe(known.block_sha256);
    const cover = {
      sessionCnt: known.session_cnt,
      fragIndex: known.frag_index,
      descriptor: fromHex(known.descriptor_octets_on_air),
    };
    expect(toHex(blockMic(rootKey, cover, block))).toBe(known.mic_octets_on_air);
    expect(toHex(blockMic(rootKey, { ...cover, sessionCnt: cover.sessionCnt + 1 }, block))).not.toBe(
      known.mic_octets_on_air,
    );
  });
});
