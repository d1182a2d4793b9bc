import { eui64LittleEndian, fromHex, PeerError, parseEui64, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildDataFrame,
  buildRejoinRequest,
  formatDevAddr,
  openDataFrame,
  openJoinAccept,
  parseDevAddr,
  parsePhyPayload,
  reconstructFCnt,
  type SessionKeys,
} from '../src/index.ts';

describe('malformed frames', () => {
  it.each([
    ['phy-empty', ''],
    ['phy-too-long', `40${'00'.repeat(255)}`],
    ['phy-major', `01${'00'.repeat(22)}`],
    ['phy-major', 'e2'],
    ['phy-length', `00${'00'.repeat(21)}`],
    ['phy-length', `00${'00'.repeat(23)}`],
    ['phy-length', `20${'00'.repeat(15)}`],
    ['phy-length', `20${'00'.repeat(31)}`],
    ['phy-length', `40${'00'.repeat(10)}`],
    ['phy-fopts-length', '40aabbccdd 05 0100 01020304 aabbccdd'.replaceAll(' ', '')],
    ['phy-fport0-fopts', '40aabbccdd 01 0100 02 00 0d aabbccdd'.replaceAll(' ', '')],
    ['phy-length', 'c0'],
    ['phy-length', `c000${'00'.repeat(18)}`],
    ['phy-length', `c001${'00'.repeat(17)}`],
    ['phy-rejoin-type', `c003${'00'.repeat(17)}`],
  ])('%s: %s', (code, text) => {
    expect(() => parsePhyPayload(fromHex(text))).toThrow(expect.objectContaining({ code, kind: 'peer' }));
  });

  it('FOpts may fill the frame up to the integrity code', () => {
    const frame = parsePhyPayload(fromHex('40aabbccdd04010001020304aabbccdd'));
    expect(frame).toMatchObject({ type: 'data', fOpts: fromHex('01020304'), frmPayload: new Uint8Array(0) });
    expect(frame).not.toHaveProperty('fPort');
  });

  it('are the only thing that arbitrary octets can be besides frames', () => {
    const anyFrame = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom(0, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0), fc.uint8Array({ maxLength: 60 }))
        .map(([mhdr, tail]) => Uint8Array.of(mhdr, ...tail)),
    );
    const session: SessionKeys = { macVersion: '1.0', nwkSKey: new Uint8Array(16), appSKey: new Uint8Array(16) };
    fc.assert(
      fc.property(anyFrame, (octets) => {
        try {
          const frame = parsePhyPayload(octets);
          expect(frame.octets).toEqual(octets);
          if (frame.type === 'data') openDataFrame(frame, { keys: session, fCnt: frame.fCnt16 });
          if (frame.type === 'join-accept') openJoinAccept(frame, { key: new Uint8Array(16) });
        } catch (error) {
          expect(error).toBeInstanceOf(PeerError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('do not follow later changes of the received octets', () => {
    const octets = fromHex('40aabbccdd0001000001aabbccdd');
    const frame = parsePhyPayload(octets);
    octets.fill(0xff);
    expect(toHex(frame.octets)).toBe('40aabbccdd0001000001aabbccdd');
  });
});

describe('device addresses', () => {
  it('are eight hexadecimal digits in text', () => {
    expect(formatDevAddr(0)).toBe('00000000');
    expect(formatDevAddr(0xfc00d5ff)).toBe('fc00d5ff');
    // As Basics Station writes it.
    expect(formatDevAddr(-67054081)).toBe('fc00d5ff');
    expect(parseDevAddr('FC00D5FF')).toBe(0xfc00d5ff);
    for (const text of ['', '1', '0x260110', '26011bda0', '26011bdg']) {
      expect(() => parseDevAddr(text)).toThrow(expect.objectContaining({ code: 'dev-addr-invalid' }));
    }
  });
});

describe('any data frame', () => {
  const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const session: fc.Arbitrary<SessionKeys> = fc.oneof(
    fc.record({ macVersion: fc.constant('1.0' as const), nwkSKey: key, appSKey: key }),
    fc.record({
      macVersion: fc.constant('1.1' as const),
      fNwkSIntKey: key,
      sNwkSIntKey: key,
      nwkSEncKey: key,
      appSKey: key,
    }),
  );
  const body = fc.oneof(
    fc.record({ fOpts: fc.uint8Array({ maxLength: 15 }) }),
    fc.record({ fPort: fc.constant(0), payload: fc.uint8Array({ maxLength: 242 }) }),
    fc.record({
      fOpts: fc.uint8Array({ maxLength: 15 }),
      fPort: fc.integer({ min: 1, max: 255 }),
      payload: fc.uint8Array({ maxLength: 227 }),
    }),
  );
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

  it('is read and opened as it was built, and by no other session', () => {
    fc.assert(
      fc.property(
        fc.record({
          direction: fc.constantFrom('up' as const, 'down' as const),
          confirmed: fc.boolean(),
          ack: fc.boolean(),
          adr: fc.boolean(),
          last: fc.boolean(),
          devAddr: u32,
          fCnt: u32,
          confFCnt: u32,
          txDr: fc.nat(15),
          txCh: fc.nat(95),
          form: fc.constantFrom('erratum' as const, 'original' as const),
          keys: session,
          otherKeys: session,
          body,
        }),
        ({
          direction,
          confirmed,
          ack,
          adr,
          last,
          devAddr,
          fCnt,
          confFCnt,
          txDr,
          txCh,
          form,
          keys,
          otherKeys,
          body,
        }) => {
          const common = { confirmed, devAddr, fCnt, confFCnt, fOptsForm: form, keys, ...body };
          const octets =
            direction === 'up'
              ? buildDataFrame({ ...common, direction, fCtrl: { ack, adr, classB: last }, radio: { txDr, txCh } })
              : buildDataFrame({ ...common, direction, fCtrl: { ack, adr, fPending: last } });
          const frame = parsePhyPayload(octets);
          if (frame.type !== 'data') throw new Error(`read as ${frame.type}`);
          expect(frame).toMatchObject({ direction, confirmed, devAddr, fCnt16: fCnt & 0xffff, fCtrl: { ack, adr } });
          expect(frame.direction === 'up' ? frame.fCtrl.classB : frame.fCtrl.fPending).toBe(last);
          expect(reconstructFCnt(fCnt, frame.fCnt16)?.kind).toBe('repeat');
          const secrets = { fCnt, confFCnt, radio: { txDr, txCh }, fOptsForm: form };
          const opened = openDataFrame(frame, { ...secrets, keys });
          expect(opened?.payload).toEqual('payload' in body ? body.payload : new Uint8Array(0));
          expect(opened?.fOpts).toEqual('fOpts' in body ? body.fOpts : new Uint8Array(0));
          // Four octets may agree by chance, once in four thousand million frames.
          expect(openDataFrame(frame, { ...secrets, keys: otherKeys })).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('any rejoin-request', () => {
  it('is read as it was built', () => {
    const u16 = fc.nat(0xffff);
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2), fc.nat(0xffffff), u16, (rejoinType, netId, rjCount) => {
        const devEui = parseEui64('70b3d57ed0001101');
        const joinEui = parseEui64('70b3d57ed0000011');
        const key = new Uint8Array(16);
        const octets = buildRejoinRequest(
          rejoinType === 1
            ? { rejoinType, joinEui, devEui, rjCount, key }
            : { rejoinType: rejoinType === 0 ? 0 : 2, netId, devEui, rjCount, key },
        );
        expect(parsePhyPayload(octets)).toMatchObject(
          rejoinType === 1 ? { rejoinType, joinEui, devEui, rjCount } : { rejoinType, netId, devEui, rjCount },
        );
        expect(toHex(octets)).toContain(toHex(eui64LittleEndian(devEui)));
      }),
    );
  });
});
