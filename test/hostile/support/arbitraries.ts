import fc from 'fast-check';

/** Octets of a PHYPayload that may be anything, with the heads of real frames in front more often than chance has it. */
export const phyOctets: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 255 }),
  fc
    .tuple(fc.constantFrom(0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0), fc.uint8Array({ maxLength: 60 }))
    .map(([mhdr, rest]) => Uint8Array.of(mhdr, ...rest)),
  // Join-requests have 23 octets.
  fc.uint8Array({ minLength: 22, maxLength: 22 }).map((rest) => Uint8Array.of(0, ...rest)),
);

/** JSON texts, among them the shapes that a forwarder sends with members of the wrong kind. */
export const forwarderJson: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc.record({ rxpk: fc.jsonValue(), stat: fc.jsonValue() }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
  fc
    .array(
      fc.record(
        {
          tmst: fc.oneof(fc.integer(), fc.jsonValue()),
          freq: fc.oneof(fc.double(), fc.jsonValue()),
          stat: fc.oneof(fc.constantFrom(-1, 0, 1), fc.jsonValue()),
          modu: fc.oneof(fc.constantFrom('LORA', 'FSK', 'LR-FHSS'), fc.jsonValue()),
          datr: fc.oneof(fc.constantFrom('SF7BW125', 'SF99BW1', 'M0CW137', ''), fc.jsonValue()),
          codr: fc.jsonValue(),
          rsig: fc.jsonValue(),
          lsnr: fc.jsonValue(),
          rssi: fc.jsonValue(),
          tmms: fc.jsonValue(),
          size: fc.jsonValue(),
          data: fc.oneof(fc.base64String(), fc.jsonValue()),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 4 },
    )
    .map((rxpk) => JSON.stringify({ rxpk })),
  fc.string(),
);

/** Bodies for calls that expect a JSON object: broken text, other kinds of JSON, and objects with members of any kind. */
export const jobBodies: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .record(
      {
        transmission_type: fc.oneof(fc.constantFrom('FOTA', 'Message'), fc.jsonValue()),
        endDeviceDeveuis: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
        multicastGroupID: fc.oneof(fc.integer(), fc.jsonValue()),
        multicastMessage: fc.jsonValue(),
        scheduledTimeSinceUnixEpoch: fc.jsonValue(),
        setupTimeFromScheduledTime: fc.jsonValue(),
        fragmentDesc: fc.jsonValue(),
        fotaFile: fc.jsonValue(),
        schedule_filename: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);
