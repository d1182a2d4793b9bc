import { concatOctets, fromHex, toHex } from '@airlift/kernel';
import { aesCmac, buildMulticastFrame, openMulticastFrame, parsePhyPayload } from '@airlift/lorawan';
import { describe, expect, test } from 'vitest';
import {
  dataBlockB0,
  dataBlockIntKey,
  dataBlockMic,
  decryptMcKey,
  encryptMcKey,
  mcKEKey,
  mcKEKeyOf,
  mcRootKey,
  mcSessionKeys,
  type RootKeyRules,
  ts004,
} from '../../src/index.ts';
import { vectors } from '../support/vectors.ts';

type Hex = string;
interface Derivation {
  readonly name: string;
  readonly lorawan: string;
  readonly root_key: Hex;
  readonly mc_root_key: Hex;
  readonly mc_ke_key: Hex;
  readonly mc_key: Hex;
  readonly mc_key_encrypted: Hex;
  readonly mc_addr: Hex;
  readonly mc_app_s_key: Hex;
  readonly mc_nwk_s_key: Hex;
  readonly data_block_int_key: Hex;
}
interface BlockMic {
  readonly name: string;
  readonly data_block_int_key: Hex;
  readonly session_cnt: number;
  readonly frag_index: number;
  readonly descriptor_octets_on_air: Hex;
  readonly padding: number;
  readonly block_hex: Hex;
  readonly b0: Hex;
  readonly mic_octets_on_air: Hex;
  readonly frag_session_setup_req_v2: Hex;
  readonly wrong_mic_if_padding_were_included: Hex | null;
}
interface Frame {
  readonly name: string;
  readonly keys_of: string;
  readonly fcnt32: number;
  readonly fport: number;
  readonly frm_payload: Hex;
  readonly phy_payload: Hex;
}
interface Published {
  readonly input_key: Hex;
  readonly mc_addr: Hex | null;
  readonly result: Hex;
}
const known = vectors<{
  derivations: Derivation[];
  data_block_mic: BlockMic[];
  multicast_frame: Frame[];
  check_against_published_unit_tests: Record<string, Published>;
}>('keys.json');

const named = <T extends { name: string }>(list: readonly T[]) => list.map((one) => [one.name, one] as const);

describe('derivations', () => {
  test.each(named(known.derivations))('%s', (_, one) => {
    const rules: RootKeyRules = one.lorawan === '1.1' ? '1.1' : '1.0';
    const rootKey = fromHex(one.root_key);
    const mcRoot = mcRootKey(rootKey, rules);
    expect(toHex(mcRoot)).toBe(one.mc_root_key);
    const kek = mcKEKey(mcRoot);
    expect(toHex(kek)).toBe(one.mc_ke_key);
    expect(mcKEKeyOf({ scheme: 'ts005', rules, rootKey })).toEqual(kek);
    expect(toHex(encryptMcKey(kek, fromHex(one.mc_key)))).toBe(one.mc_key_encrypted);
    expect(toHex(decryptMcKey(kek, fromHex(one.mc_key_encrypted)))).toBe(one.mc_key);
    const session = mcSessionKeys(fromHex(one.mc_key), Number.parseInt(one.mc_addr, 16));
    expect(toHex(session.mcAppSKey)).toBe(one.mc_app_s_key);
    expect(toHex(session.mcNwkSKey)).toBe(one.mc_nwk_s_key);
    expect(toHex(dataBlockIntKey(rootKey))).toBe(one.data_block_int_key);
  });
});

describe('data block MIC', () => {
  test.each(named(known.data_block_mic))('%s', (_, one) => {
    const block = fromHex(one.block_hex);
    const data = {
      sessionCnt: one.session_cnt,
      fragIndex: one.frag_index,
      descriptor: fromHex(one.descriptor_octets_on_air),
      block,
    };
    const key = fromHex(one.data_block_int_key);
    expect(toHex(dataBlockB0(data))).toBe(one.b0);
    expect(toHex(dataBlockMic(key, data))).toBe(one.mic_octets_on_air);
    const [setup] = ts004.decode(2, 'down', fromHex(one.frag_session_setup_req_v2));
    if (setup?.name !== 'FragSessionSetupReq') throw new Error('not a FragSessionSetupReq');
    expect(toHex(setup.fields.MIC)).toBe(one.mic_octets_on_air);
    expect(setup.fields.SessionCnt).toBe(one.session_cnt);
    expect(setup.fields.NbFrag * setup.fields.FragSize - setup.fields.Padding).toBe(block.length);
    if (one.wrong_mic_if_padding_were_included !== null) {
      const padded = new Uint8Array(block.length + one.padding);
      padded.set(block);
      const wrong = aesCmac(key, concatOctets(dataBlockB0(data), padded)).slice(0, 4);
      expect(toHex(wrong)).toBe(one.wrong_mic_if_padding_were_included);
    }
  });

  test('refuses a Descriptor of the wrong length', () => {
    const data = { sessionCnt: 0, fragIndex: 0, descriptor: new Uint8Array(3), block: new Uint8Array(1) };
    expect(() => dataBlockMic(new Uint8Array(16), data)).toThrow(
      expect.objectContaining({ code: 'descriptor-length' }),
    );
  });
});

describe('multicast frames', () => {
  test.each(named(known.multicast_frame))('%s', (_, one) => {
    const derivation = known.derivations.find((other) => other.name === one.keys_of);
    if (derivation === undefined) throw new Error(`no derivation ${one.keys_of}`);
    const mcAddr = Number.parseInt(derivation.mc_addr, 16);
    const keys = mcSessionKeys(fromHex(derivation.mc_key), mcAddr);
    const phy = buildMulticastFrame({
      mcAddr,
      fCnt: one.fcnt32,
      fPort: one.fport,
      payload: fromHex(one.frm_payload),
      keys,
    });
    expect(toHex(phy)).toBe(one.phy_payload);
    const frame = parsePhyPayload(fromHex(one.phy_payload));
    if (frame.type !== 'data') throw new Error('not a data frame');
    expect(toHex(openMulticastFrame(frame, keys, one.fcnt32) ?? new Uint8Array())).toBe(one.frm_payload);
  });
});

test('published constants of other implementations', () => {
  const published = known.check_against_published_unit_tests;
  const cases: Record<string, (key: Uint8Array, mcAddr: number) => Uint8Array> = {
    mc_root_from_genappkey: (key) => mcRootKey(key, '1.0'),
    mc_root_from_appkey: (key) => mcRootKey(key, '1.1'),
    mc_ke_key: (key) => mcKEKey(key),
    mc_app_s_key: (key, mcAddr) => mcSessionKeys(key, mcAddr).mcAppSKey,
    mc_nwk_s_key: (key, mcAddr) => mcSessionKeys(key, mcAddr).mcNwkSKey,
  };
  expect(Object.keys(published).sort()).toEqual(Object.keys(cases).sort());
  for (const [name, derive] of Object.entries(cases)) {
    const one = published[name];
    if (one === undefined) throw new Error(`no constant ${name}`);
    expect(toHex(derive(fromHex(one.input_key), Number.parseInt(one.mc_addr ?? '0', 16)))).toBe(one.result);
  }
});

describe('MultiTech key generations', () => {
  // McKey_encrypted and address of two captured McGroupSetupReq, with the keys that follow from each generation.
  const traces = [
    {
      name: 'multicast trace, firmware 4 (GenAppKey zero)',
      scheme: 'ts005',
      encrypted: '11fe3c120a78c11b4b769c52e45d2116',
      mcAddr: 0xf0da492f,
      mcKey: '11e7fc66040ac532299015768165c1aa',
      appSKey: '34c441597aa7a7cca50e681219294afe',
      nwkSKey: '27816da6b13b0001c595f84a7a3b4b5e',
    },
    {
      name: 'multicast trace, firmware 3 (McKEKey zero)',
      scheme: 'kek-zero',
      encrypted: '11fe3c120a78c11b4b769c52e45d2116',
      mcAddr: 0xf0da492f,
      mcKey: 'bbff9970fa13fd1b68f175bb71f70f4a',
      appSKey: 'ff0ff863d434d5022780263758f17ea9',
      nwkSKey: '97e3c66d07b7ec57a0846f75d55f1431',
    },
  ] as const;

  test.each(traces.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const kek = mcKEKeyOf({ scheme: one.scheme, rules: '1.0', rootKey: new Uint8Array(16) });
    const mcKey = decryptMcKey(kek, fromHex(one.encrypted));
    expect(toHex(mcKey)).toBe(one.mcKey);
    expect(toHex(encryptMcKey(kek, mcKey))).toBe(one.encrypted);
    const session = mcSessionKeys(mcKey, one.mcAddr);
    expect(toHex(session.mcAppSKey)).toBe(one.appSKey);
    expect(toHex(session.mcNwkSKey)).toBe(one.nwkSKey);
  });
});
