import { parseEui64, utcMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACKNOWLEDGEMENT, failure, JOB_ACCEPTED, type JobProgress, progressShape, resultsShape } from '../src/index.ts';

const devEui = parseEui64('00-80-00-ff-00-00-00-02');

function job(percentComplete: number, phase: JobProgress['phase']): JobProgress {
  return {
    filename: 'fota_1734480000_300',
    type: 'FOTA',
    multicastEui: parseEui64('0080000740460522'),
    inputFilename: 'firmware_v2.0.bin',
    phase,
    percentComplete,
    waitsFor: undefined,
    devices: [{ devEui, percentComplete, status: 'in_progress' }],
  };
}

describe('envelope', () => {
  it('has exactly the documented members', () => {
    expect(JSON.stringify(ACKNOWLEDGEMENT)).toBe('{"code":200,"status":"success"}');
    expect(JSON.stringify(JOB_ACCEPTED)).toBe('{"code":200,"result":{"status":"success"},"status":"success"}');
    expect(JSON.stringify(failure(404, 'x'))).toBe('{"code":404,"error":"x","status":"fail"}');
  });
});

describe('progress', () => {
  it('reads 100 when and only when the job is complete, and never falls', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (p, d) => {
        const shown = (percent: number) => progressShape(job(percent, 'TEARDOWN'), []).overall_percent_complete;
        expect(shown(p)).toBeLessThan(100);
        expect(shown(p)).toBeGreaterThanOrEqual(0);
        expect(shown(Math.min(100, p + d))).toBeGreaterThanOrEqual(shown(p));
      }),
    );
    expect(JSON.stringify(progressShape(job(100, 'COMPLETE'), []).overall_percent_complete)).toBe('100');
  });

  it('tells reasons where there are any', () => {
    const shape = progressShape(
      {
        ...job(40, 'BROADCASTING'),
        devices: [
          { devEui, percentComplete: 10, status: 'failed', reason: { code: 'no-answer', text: 'Did not answer' } },
        ],
      },
      [],
    );
    expect(shape.devices).toEqual([
      {
        deveui: '00-80-00-ff-00-00-00-02',
        percent_complete: 10,
        status: 'failed',
        reason: 'Did not answer',
        reason_code: 'no-answer',
      },
    ]);
  });
});

describe('results', () => {
  it('adds what is known and leaves out what is not', () => {
    const completedAt = utcMs(Date.UTC(2025, 11, 17, 20, 0, 0, 999));
    const shape = resultsShape([
      {
        filename: 'fota_1734480000_300',
        type: 'FOTA',
        multicastEui: parseEui64('0080000740460522'),
        inputFilename: 'firmware_v2.0.bin',
        scheduleSource: 'API',
        completedAt,
        devices: [
          {
            devEui,
            status: 'success',
            isUnverified: false,
            verifiedBy: 'crc64',
            fragmentsHeard: 100,
            fragmentsMissing: 0,
            completedAt,
          },
          { devEui: parseEui64('0000000000000001'), status: 'skipped', isUnverified: false },
        ],
        frames: { plain: 100, parity: 10, status: 1, message: 0, airtimeMs: 1234.5, sessionSeconds: 300 },
      },
    ]);
    expect(shape.operations).toEqual([
      {
        filename: 'fota_1734480000_300',
        timestamp: '2025-12-17T20:00:00Z',
        success: 1,
        failed: 0,
        devices: [
          {
            deveui: '00-80-00-ff-00-00-00-02',
            status: 'success',
            verified_by: 'crc64',
            fragments_heard: 100,
            fragments_missing: 0,
            complete_time: '2025-12-17T20:00:00Z',
          },
          { deveui: '00-00-00-00-00-00-00-01', status: 'skipped' },
        ],
        type: 'FOTA',
        multicast_eui: '00-80-00-07-40-46-05-22',
        input_filename: 'firmware_v2.0.bin',
        schedule_source: 'API',
        complete_time: '2025-12-17T20:00:00Z',
        result_filename: 'fota_1734480000_300',
        skipped: 1,
        unverified: 0,
        frames: { plain: 100, parity: 10, status: 1, message: 0, airtime_ms: 1234.5, session_seconds: 300 },
      },
    ]);
  });
});
