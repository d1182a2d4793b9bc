import { parseEui64, utcMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  type FrameEntry,
  frameLines,
  type LogEntry,
  logShape,
  type PlannedJob,
  plannedJobShape,
} from '../src/index.ts';

const devEui = parseEui64('00-80-00-ff-00-00-00-02');
const AT = utcMs(Date.UTC(2026, 0, 15, 12, 0, 0, 250));
const span = { earliestS: 15.3, expectedS: 20.5, latestS: 75.6 };

const PLAN: PlannedJob = {
  filename: 'fota_1',
  assumedLoss: 0.1,
  sessions: [
    {
      wave: 1,
      devices: 2,
      region: 'EU868',
      frequencyHz: 869_525_000,
      dataRate: 5,
      fragments: { sizeOctets: 239, count: 671, paddingOctets: 207, rule: 'v1' },
      frames: { plain: 671, parity: 81, status: 1 },
      airtimeMs: 290_000.4,
      busiestHourMs: 90_000.4,
      dutyCycle: 0.1,
      timeOutS: 2_048,
      start: span,
      end: span,
    },
  ],
  warnings: [
    { devEui, code: 'device-in-use', text: 'In use', until: AT },
    { devEui: undefined, code: 'start-in-past', text: 'Past', until: undefined },
  ],
  refused: [{ devEui, code: 'unknown-device', text: 'Unknown', until: undefined }],
};

describe('a planned job', () => {
  it('has rounded figures, and EUIs and instants in the documented form', () => {
    const rounded = { earliest: 15, expected: 21, latest: 76 };
    expect(plannedJobShape(PLAN)).toEqual({
      filename: 'fota_1',
      assumed_loss: 0.1,
      sessions: [
        {
          wave: 1,
          devices: 2,
          region: 'EU868',
          frequency_hz: 869_525_000,
          data_rate: 5,
          fragment_size: 239,
          fragments: 671,
          padding: 207,
          parity_rule: 'v1',
          frames: { plain: 671, parity: 81, status: 1 },
          airtime_ms: 290_000,
          busiest_hour_ms: 90_000,
          duty_percent: 25,
          duty_limit_percent: 10,
          time_out_seconds: 2_048,
          start_seconds: rounded,
          end_seconds: rounded,
        },
      ],
      warnings: [
        {
          deveui: '00-80-00-ff-00-00-00-02',
          code: 'device-in-use',
          text: 'In use',
          until: '2026-01-15T12:00:00Z',
        },
        { code: 'start-in-past', text: 'Past' },
      ],
      refused: [{ deveui: '00-80-00-ff-00-00-00-02', code: 'unknown-device', text: 'Unknown' }],
    });
  });

  it('of a message has no fragments', () => {
    const sessions = PLAN.sessions.map((session) => ({ ...session, fragments: undefined }));
    const [shown] = plannedJobShape({ ...PLAN, sessions }).sessions;
    const absent = ['fragment_size', 'fragments', 'padding', 'parity_rule'];
    expect(Object.keys(shown ?? {}).filter((name) => absent.includes(name))).toEqual([]);
  });
});

describe('a log', () => {
  const entry = (sequence: number): LogEntry => ({
    sequence,
    at: AT,
    kind: 'device',
    devEui,
    members: { to: 'ready', reason_code: undefined },
  });

  it('names device, kind and time of every entry', () => {
    expect(JSON.parse(JSON.stringify(logShape([entry(7)], 2)))).toEqual({
      entries: [
        {
          sequence: 7,
          time: '2026-01-15T12:00:00.250Z',
          kind: 'device',
          deveui: '00-80-00-ff-00-00-00-02',
          to: 'ready',
        },
      ],
    });
  });

  it('has a next page exactly when this one is full', () => {
    expect(logShape([], 2).next).toBeUndefined();
    expect(logShape([entry(7)], 2).next).toBeUndefined();
    expect(logShape([entry(7), entry(9)], 2).next).toBe(10);
  });
});

describe('frames as comma-separated values', () => {
  const frame: FrameEntry = {
    session: 2,
    kind: 'parity',
    number: 672,
    fCnt: 673,
    at: AT,
    airtimeMs: 389.4,
    gateways: [],
  };
  const gatewayEui = parseEui64('00-80-00-00-00-00-00-0a');

  it('have the fate of each gateway in the last column', () => {
    const gateways = [
      { gatewayEui: devEui, sent: true, error: undefined },
      { gatewayEui, sent: false, error: 'duty-cycle' },
    ];
    expect(frameLines([frame, { ...frame, gateways }])).toBe(
      [
        '2026-01-15T12:00:00.250Z,2,parity,672,673,389.4,',
        '2026-01-15T12:00:00.250Z,2,parity,672,673,389.4,00-80-00-ff-00-00-00-02 sent;00-80-00-00-00-00-00-0a duty-cycle',
        '',
      ].join('\n'),
    );
  });

  it('stay one line and seven columns whatever a gateway says', () => {
    const gateways = [{ gatewayEui, sent: false, error: 'a,"b"' }];
    expect(frameLines([{ ...frame, gateways }])).toBe(
      '2026-01-15T12:00:00.250Z,2,parity,672,673,389.4,"00-80-00-00-00-00-00-0a a,""b"""\n',
    );
  });

  it('are no text when there are none', () => {
    expect(frameLines([])).toBe('');
  });
});
