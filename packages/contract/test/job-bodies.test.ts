import { CallerError, toHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isErrorCode, parseFotaBody, parseMessageBody } from '../src/index.ts';

const FOTA = { transmission_type: 'FOTA', endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'], multicastGroupID: 0 };
const MESSAGE = {
  transmission_type: 'Message',
  endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
  multicastGroupID: 0,
  multicastMessage: { messageFormat: 'Hexadecimal', messagePayload: '48', messagePort: 10 },
};

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof CallerError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('parseFotaBody', () => {
  it('fills in the documented defaults', () => {
    expect(parseFotaBody(FOTA)).toEqual({
      kind: 'FOTA',
      devEuis: ['008000ff00000002'],
      multicastGroupId: 0,
      multicastEui: undefined,
      scheduledAt: undefined,
      setupDelayS: 0,
      launchDelayS: undefined,
      keepLog: true,
      scheduleName: undefined,
      scheduleSource: 'API',
      pacing: { sleepMs: undefined, shortSleepMs: undefined, paritySleepMs: undefined },
      fotaFile: undefined,
      descriptor: 0,
      parityFragments: undefined,
      maxPacketSize: undefined,
    });
  });

  it('reports the documented errors before others', () => {
    const bad = { transmission_type: 'x', multicastGroupID: 9, endDeviceDeveuis: ['zz'], keep_log: 5 };
    expect(codeOf(() => parseFotaBody(bad))).toBe('eui-invalid');
    expect(codeOf(() => parseFotaBody({ ...bad, endDeviceDeveuis: FOTA.endDeviceDeveuis }))).toBe(
      'multicast-group-invalid',
    );
    expect(codeOf(() => parseFotaBody({ ...FOTA, keep_log: 5 }))).toBe('parameters-invalid');
  });

  it.each([undefined, null, 5, 'text', [], [FOTA], true])('refuses %j', (body) => {
    expect(codeOf(() => parseFotaBody(body))).toBe('parameters-invalid');
  });

  it('keeps the order of the devices and drops repeats', () => {
    const a = '00-80-00-ff-00-00-00-0a';
    const b = '00-80-00-ff-00-00-00-0b';
    const body = { ...FOTA, endDeviceDeveuis: [b, a, b.toUpperCase(), a.replaceAll('-', '')] };
    expect(parseFotaBody(body).devEuis).toEqual(['008000ff0000000b', '008000ff0000000a']);
  });

  it('reads any 32-bit descriptor in hexadecimal, with and without leading zeros', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 16 }), fc.boolean(), (value, width, prefix) => {
        const digits = value.toString(16).padStart(width, '0');
        const fragmentDesc = prefix ? `0x${digits}` : digits;
        expect(parseFotaBody({ ...FOTA, fragmentDesc }).descriptor).toBe(value);
        expect(parseFotaBody({ ...FOTA, fragmentDesc, fotaDescriptor: value }).descriptor).toBe(value);
      }),
    );
  });

  it('throws errors of the table only, whatever the body', () => {
    const names = ['scheduledTimeSinceUnixEpoch', 'fragmentDesc', 'fotaFile', 'schedule_filename', 'sleep_time'];
    const bodies = fc.dictionary(fc.constantFrom(...names, ...Object.keys(FOTA)), fc.jsonValue());
    fc.assert(
      fc.property(bodies, (members) => {
        for (const body of [members, { ...FOTA, ...members }]) {
          const code = codeOf(() => parseFotaBody(body));
          expect(code === 'accepted' || isErrorCode(code)).toBe(true);
        }
      }),
    );
  });
});

describe('waves', () => {
  const read = (waves: unknown) => parseFotaBody({ ...FOTA, waves }).waves;

  it('are optional, and so are their thresholds', () => {
    for (const none of [undefined, null]) expect(read(none)).toBeUndefined();
    expect(read({ sizes: [1, 50] })).toEqual({ sizes: [1, 50], leastSuccess: 0, needsApproval: false });
    expect(read({ sizes: [1], least_success: 1, approval: true })).toEqual({
      sizes: [1],
      leastSuccess: 1,
      needsApproval: true,
    });
  });

  it.each([
    ['all', 'waves must be an object with a list named sizes'],
    [{}, '[waves.sizes] property is not set'],
    [{ sizes: 5 }, 'waves.sizes must be a list of 1 to 1000 numbers of devices'],
    [{ sizes: [] }, 'waves.sizes must be a list of 1 to 1000 numbers of devices'],
    [{ sizes: Array(1_001).fill(1) }, 'waves.sizes must be a list of 1 to 1000 numbers of devices'],
    [{ sizes: [1, 0] }, 'waves.sizes.1 must be an integer from 1 to 1000000'],
    [{ sizes: [1.5] }, 'waves.sizes.0 must be an integer from 1 to 1000000'],
    [{ sizes: [1], least_success: 90 }, 'waves.least_success must be a number from 0 to 1'],
    [{ sizes: [1], least_success: -0.1 }, 'waves.least_success must be a number from 0 to 1'],
    [{ sizes: [1], least_success: '1' }, 'waves.least_success must be a number from 0 to 1'],
    [{ sizes: [1], approval: 1 }, 'waves.approval must be true or false'],
  ])('that are unusable are refused with what is allowed: %j', (waves, text) => {
    expect(() => read(waves)).toThrow(`Invalid parameters: ${text}`);
  });
});

describe('parseMessageBody', () => {
  const withMessage = (message: object) => ({
    ...MESSAGE,
    multicastMessage: { ...MESSAGE.multicastMessage, ...message },
  });

  it('reads any payload in both spellings', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 242 }), fc.boolean(), (octets, upper) => {
        const hex = upper ? toHex(octets).toUpperCase() : toHex(octets);
        const base64 = Buffer.from(octets).toString('base64');
        for (const message of [
          { messageFormat: 'Hexadecimal', messagePayload: hex },
          { messageFormat: 'Base64', messagePayload: base64 },
        ]) {
          const { payload } = parseMessageBody(withMessage(message));
          expect(payload).toEqual({ from: 'body', octets });
        }
      }),
    );
  });

  it('refuses any text that is not the spelling of octets', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (text) => {
        const isHex = /^([0-9a-fA-F]{2})+$/.test(text);
        const isBase64 = Buffer.from(text, 'base64').toString('base64') === text;
        const read = (messageFormat: string) =>
          codeOf(() => parseMessageBody(withMessage({ messageFormat, messagePayload: text })));
        expect(read('Hexadecimal')).toBe(isHex ? 'accepted' : 'parameters-invalid');
        expect(read('Base64')).toBe(isBase64 ? 'accepted' : 'parameters-invalid');
      }),
    );
  });

  it('needs a file name for Binary, and one that an upload can have', () => {
    const read = (message: object) => codeOf(() => parseMessageBody(withMessage(message)));
    expect(read({ messageFormat: 'Binary' })).toBe('parameters-invalid');
    expect(read({ messageFormat: 'Binary', messagePayloadFile: 'a/b' })).toBe('message-file-missing');
    expect(read({ messageFormat: 'Binary', messagePayloadFile: 'a' })).toBe('accepted');
  });

  it('sends once and expects no confirmation unless told otherwise', () => {
    expect(parseMessageBody(MESSAGE)).toMatchObject({ transmissions: 1, confirmPort: undefined });
    const more = withMessage({ transmissions: 20, confirmationPort: 223 });
    expect(parseMessageBody(more)).toMatchObject({ transmissions: 20, confirmPort: 223 });
  });

  it.each([
    [{ transmissions: 0 }, 'multicastMessage.transmissions must be an integer from 1 to 20'],
    [{ transmissions: 21 }, 'multicastMessage.transmissions must be an integer from 1 to 20'],
    [{ transmissions: '3' }, 'multicastMessage.transmissions must be an integer from 1 to 20'],
    [{ confirmationPort: 0 }, 'multicastMessage.confirmationPort must be an integer from 1 to 223'],
    [{ confirmationPort: 224 }, 'multicastMessage.confirmationPort must be an integer from 1 to 223'],
  ])('refuses repeats and ports that there are not: %j', (message, text) => {
    expect(() => parseMessageBody(withMessage(message))).toThrow(`Invalid parameters: ${text}`);
  });
});
