import { describe, expect, test } from 'vitest';
import { outputOf, run } from '../support/run.ts';
import { vectors } from './support/vectors.ts';

interface FrameVector {
  readonly id: string;
  readonly note: string;
  readonly macVersion: '1.0' | '1.1';
  readonly mtype: 'unconfUp' | 'confUp' | 'unconfDown' | 'confDown';
  readonly devAddr: string;
  readonly fCnt: number;
  readonly fCtrl: number;
  readonly fOptsPlain: string;
  readonly fPort: number | null;
  readonly payloadPlain?: string;
  readonly confFCnt?: number;
  readonly txDr?: number;
  readonly txCh?: number;
  readonly mic: string;
  readonly phy: string;
  readonly keys: Readonly<Record<string, string>>;
}

const M_TYPES = {
  unconfUp: 'UnconfirmedDataUp',
  confUp: 'ConfirmedDataUp',
  unconfDown: 'UnconfirmedDataDown',
  confDown: 'ConfirmedDataDown',
} as const;
const KEY_OPTIONS: Readonly<Record<string, string>> = {
  nwkSKey: '--nwk-skey',
  appSKey: '--app-skey',
  fNwkSIntKey: '--fnwk-sint-key',
  sNwkSIntKey: '--snwk-sint-key',
  nwkSEncKey: '--nwk-senc-key',
};

const { frames } = vectors<{ frames: FrameVector[] }>('l2.json');

function session({ keys, confFCnt, txDr, txCh }: FrameVector): string[] {
  return [
    ...Object.entries(keys).flatMap(([name, key]) => [KEY_OPTIONS[name] ?? name, key]),
    ...(confFCnt ? ['--conf-fcnt', `${confFCnt}`] : []),
    ...(txDr === undefined || txCh === undefined ? [] : ['--tx-dr', `${txDr}`, '--tx-ch', `${txCh}`]),
  ];
}

describe.each(frames.map((frame) => [`${frame.id} ${frame.note}`, frame] as const))('%s', (_, frame) => {
  const decode = ['frame', 'decode', '--phy', frame.phy, ...session(frame), '--fcnt', `${frame.fCnt}`];

  test('opened', async () => {
    const shown = JSON.parse(await outputOf(decode)) as Record<string, unknown>;
    expect(shown).toMatchObject({
      mType: M_TYPES[frame.mtype],
      devAddr: frame.devAddr,
      fCnt: frame.fCnt,
      mic: frame.mic,
      micOk: true,
    });
    expect(shown.micChecked).toBeUndefined();
    expect(shown.fPort).toBe(frame.fPort ?? undefined);
    expect(shown.payload).toBe(frame.fPort === null ? undefined : frame.payloadPlain);
    expect(shown.fOpts ?? '').toBe(frame.fOptsPlain);
  });

  test('built again from what was shown', async () => {
    const shown = await outputOf(decode);
    expect(await outputOf(['frame', 'encode', '--phy', ...session(frame)], shown)).toBe(`${frame.phy}\n`);
  });

  test('a damaged octet is noticed', async () => {
    const last = frame.phy.at(-1) === '0' ? '1' : '0';
    const damaged = decode.map((arg) => (arg === frame.phy ? frame.phy.slice(0, -1) + last : arg));
    const { code, out, err } = await run(damaged);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ micOk: false });
    expect(err).toMatch(/^airlift: the MIC is wrong .*\n$/);
  });
});

const F10 = frames.find(({ macVersion, fPort }) => macVersion === '1.0' && fPort !== null && fPort > 0);
const F11 = frames.find(({ id }) => id === 'F22') ?? frames.find(({ macVersion }) => macVersion === '1.1');
if (F10 === undefined || F11 === undefined) throw new Error('the vectors hold no such frames');

describe('with fewer keys', () => {
  test('none: the header, and MAC commands as 1.0 has them', async () => {
    const shown = JSON.parse(await outputOf(['frame', 'decode', '--phy', '40f17dbe4982020003078b2a3c43']));
    expect(shown).toEqual({
      mType: 'UnconfirmedDataUp',
      devAddr: '49be7df1',
      fCtrl: { adr: true, adrAckReq: false, ack: false, classB: false, fOptsLen: 2 },
      fCnt: 2,
      fOpts: '0307',
      fOptsReading: {
        package: 'MAC',
        commands: [{ name: 'LinkADRAns', fields: { channelMaskAck: 1, dataRateAck: 1, powerAck: 1 } }],
      },
      mic: '8b2a3c43',
      micOk: null,
    });
  });

  test('the network key alone checks, the application key alone decrypts', async () => {
    const { nwkSKey = '', appSKey = '' } = F10.keys;
    const fCnt = ['--fcnt', `${F10.fCnt}`];
    const network = JSON.parse(await outputOf(['frame', 'decode', '--phy', F10.phy, '--nwk-skey', nwkSKey, ...fCnt]));
    expect(network).toMatchObject({ micOk: true });
    expect(network).not.toHaveProperty('payload');
    const other = JSON.parse(await outputOf(['frame', 'decode', '--phy', F10.phy, '--app-skey', appSKey, ...fCnt]));
    expect(other).toMatchObject({ micOk: null, payload: F10.payloadPlain });
  });

  test('a 1.1 uplink without its radio: half of the code', async () => {
    const args = [
      'frame',
      'decode',
      '--phy',
      F11.phy,
      '--fcnt',
      `${F11.fCnt}`,
      '--fnwk-sint-key',
      F11.keys.fNwkSIntKey ?? '',
    ];
    const shown = JSON.parse(await outputOf(args)) as Record<string, unknown>;
    expect(shown.micOk).toBe(true);
    expect(shown.micChecked).toContain('half');
    expect(shown).toHaveProperty('fOptsEncrypted');
  });

  test('the frame counter must be one that the frame can carry', async () => {
    const result = await run(['frame', 'decode', '--phy', F10.phy, '--fcnt', `${F10.fCnt + 1}`]);
    expect(result).toMatchObject({ code: 1, out: '' });
  });

  test('sessions do not mix', async () => {
    const { nwkSKey = '' } = F10.keys;
    const key = '0'.repeat(32);
    for (const other of ['--nwk-senc-key', '--mc-app-skey']) {
      expect(await run(['frame', 'decode', '--phy', F10.phy, '--nwk-skey', nwkSKey, other, key])).toMatchObject({
        code: 2,
        out: '',
      });
    }
  });
});

describe('frames of groups', () => {
  const { derivations, multicast_frame: groupFrames } = vectors<{
    derivations: { name: string; mc_addr: string; mc_app_s_key: string; mc_nwk_s_key: string }[];
    multicast_frame: { keys_of: string; fcnt32: number; fport: number; frm_payload: string; phy_payload: string }[];
  }>('keys.json');

  test.each(groupFrames)('$phy_payload', async ({ keys_of, fcnt32, fport, frm_payload, phy_payload }) => {
    const keys = derivations.find(({ name }) => name === keys_of);
    const group = ['--mc-nwk-skey', keys?.mc_nwk_s_key ?? '', '--mc-app-skey', keys?.mc_app_s_key ?? ''];
    const text = await outputOf(['frame', 'decode', '--phy', phy_payload, '--fcnt', `${fcnt32}`, ...group]);
    const shown = JSON.parse(text) as { readings: unknown[] };
    expect(shown).toMatchObject({
      devAddr: keys?.mc_addr.toLowerCase(),
      fPort: fport,
      payload: frm_payload,
      micOk: true,
    });
    expect(shown).not.toHaveProperty('droppedBecause');
    expect(shown.readings).toMatchObject([
      {
        package: 'TS004',
        versions: [1, 2],
        commands: [{ name: 'DataFragment', fields: { data: frm_payload.slice(6) } }],
      },
    ]);
    expect(await outputOf(['frame', 'encode', '--phy', ...group], text)).toBe(`${phy_payload}\n`);
  });

  test('devices drop what is no multicast', async () => {
    const key = '00112233445566778899aabbccddeeff';
    const unicast = ['--nwk-skey', key, '--app-skey', key];
    const group = ['--mc-nwk-skey', key, '--mc-app-skey', key];
    const frame = { mType: 'ConfirmedDataDown', devAddr: '01fb5a3c', fCnt: 1, fPort: 201, payload: '00' };
    const phy = (await outputOf(['frame', 'encode', '--phy', JSON.stringify(frame), ...unicast])).trim();
    const shown = JSON.parse(await outputOf(['frame', 'decode', '--phy', phy, ...group]));
    expect(shown).toMatchObject({ micOk: true, droppedBecause: 'it is confirmed' });
    expect(await run(['frame', 'encode', '--phy', JSON.stringify(frame), ...group])).toMatchObject({
      code: 1,
      out: '',
    });
  });
});

describe('what the payload means', () => {
  const key = '000102030405060708090a0b0c0d0e0f';
  const keys = ['--nwk-skey', key, '--app-skey', key];
  const built = async (frame: object, ...how: string[]) =>
    (await outputOf(['frame', 'encode', '--phy', JSON.stringify(frame), ...keys, ...how])).trim();
  const readings = async (phy: string, ...how: string[]) =>
    (JSON.parse(await outputOf(['frame', 'decode', '--phy', phy, ...keys, ...how])) as { readings: unknown }).readings;
  const up = { mType: 'UnconfirmedDataUp', devAddr: '26011bda', fCnt: 7 };

  test('commands are encoded, and found by their port', async () => {
    const commands = [{ name: 'AppTimeReq', fields: { DeviceTime: 1388102418, AnsRequired: 1, TokenReq: 5 } }];
    const phy = await built({ ...up, fPort: 202, payload: commands }, '--package', 'TS003', '--version', '2');
    expect(await readings(phy)).toEqual([{ package: 'TS003', versions: [1, 2], commands }]);
    expect(await readings(phy, '--version', '1')).toEqual([{ package: 'TS003', versions: [1], commands }]);
  });

  test('versions that read differently are both shown, unreadable ones are not', async () => {
    const status = await built({ ...up, fPort: 201, payload: '0104' });
    expect(await readings(status)).toEqual([
      {
        package: 'TS004',
        versions: [2],
        commands: [{ name: 'FragSessionStatusAns', fields: { SessionDoesNotExist: 1 } }],
      },
    ]);
    const both = await readings(await built({ ...up, fPort: 201, payload: '0103400001' }));
    expect(both).toMatchObject([{ versions: [1] }, { versions: [2] }]);
  });

  test('on another port the package is named', async () => {
    const phy = await built({ ...up, fPort: 7, payload: '000401' });
    expect(await readings(phy)).toEqual([]);
    expect(await readings(phy, '--package', 'TS006')).toMatchObject([{ commands: [{ name: 'PackageVersionAns' }] }]);
  });

  test('whole frames of TS007', async () => {
    expect(await readings(await built({ ...up, fPort: 225, payload: '01010203c801' }))).toMatchObject([
      {
        package: 'TS007',
        versions: [1, 2],
        token: 1,
        sections: [{ package: 'TS007', commands: [{ name: 'DevPackageAns' }] }],
      },
    ]);
  });

  test('MAC commands in FOpts and under FPort 0', async () => {
    const fOpts = [{ name: 'LinkCheckReq', fields: {} }];
    const inFOpts = await built({ ...up, fOpts });
    expect(inFOpts.slice(10, 18)).toBe('01070002');
    const underPort0 = await built({ ...up, fPort: 0, payload: fOpts });
    expect(await readings(underPort0)).toEqual([{ package: 'MAC', commands: fOpts }]);
  });

  test.each([
    ['no object', '[]'],
    ['another type', { ...up, mType: 'JoinRequest' }],
    ['a bad address', { ...up, devAddr: '26011b' }],
    ['no counter', { mType: up.mType, devAddr: up.devAddr }],
    ['a counter too large', { ...up, fCnt: 2 ** 32 }],
    ['a foreign part', { ...up, fport: 1 }],
    ['a foreign flag', { ...up, fCtrl: { fPending: true } }],
    ['a flag that is a number', { ...up, fCtrl: { ack: 1 } }],
    ['an encrypted payload', { ...up, fPort: 1, frmPayload: 'aa' }],
    ['a payload without port', { ...up, payload: 'aa' }],
    ['MAC commands twice', { ...up, fPort: 0, payload: '02', fOpts: '02' }],
    ['FOpts too long', { ...up, fOpts: '02'.repeat(16) }],
    ['a frame too long', { ...up, fPort: 1, payload: '00'.repeat(243) }],
  ])('%s is refused', async (_, frame) => {
    const json = typeof frame === 'string' ? frame : JSON.stringify(frame);
    const { code, out, err } = await run(['frame', 'encode', '--phy', json, ...keys]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^airlift: .*\n$/);
  });

  test('keys that are missing are named', async () => {
    const frame = JSON.stringify({ ...up, fPort: 1, payload: 'aa' });
    expect(await run(['frame', 'encode', '--phy', frame, '--nwk-skey', key])).toMatchObject({ code: 2, out: '' });
    const eleven = await run(['frame', 'encode', '--phy', frame, '--app-skey', key, '--fnwk-sint-key', key]);
    expect(eleven).toMatchObject({ code: 2, out: '' });
    expect(eleven.err).toContain('--snwk-sint-key');
  });
});

test.each([
  ['', 'octets'],
  ['41', 'phy-major'],
  ['40f17dbe49', 'phy-length'],
  ['00'.repeat(256), 'phy-too-long'],
])('no frame: %s', async (hex, message) => {
  const { code, out, err } = await run(['frame', 'decode', '--phy', hex]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(message);
});
