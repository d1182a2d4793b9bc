import type { CampaignEstimate } from './campaign-estimate.ts';
import { type Link, modulationText } from './link.ts';
import { WANTED_SUCCESS } from './parity-estimate.ts';

/** What it is, and the value with its unit. */
export type Row = readonly [label: string, value: string];

/** Rows as aligned lines. */
export function tableText(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.map(([label, value]) => `${label.padEnd(width)}${value}\n`).join('');
}

/** The result for one frame. */
export function frameTable(link: Link, phyOctets: number, us: number): Row[] {
  return [
    ...linkRows(link),
    ['direction', link.direction === 'up' ? 'uplink' : 'downlink'],
    ['PHYPayload', `${phyOctets} octets`],
    ['airtime', `${us / 1000} ms`],
  ];
}

/** The result for an image. */
export function campaignTable(link: Link, estimate: CampaignEstimate): Row[] {
  const { nbFrag, fragSize, padding, parity, loss, devices, frequencyHz, dutyCycle, dutyCyclePeriodMs, note } =
    estimate;
  const basis =
    estimate.parityFrom === 'option'
      ? ''
      : ` (${percent(loss)} loss, ${devices} ${devices === 1 ? 'device' : 'devices'}, all complete with ${percent(WANTED_SUCCESS)})`;
  return [
    ...linkRows(link),
    ['image', `${estimate.imageOctets} octets`],
    ['fragments', `${nbFrag} of ${fragSize} octets, padding ${padding}`],
    ['parity fragments', `${parity}${basis}`],
    ['PHYPayload', `${estimate.phyOctets} octets`],
    ['airtime per fragment', `${estimate.airtimeMs} ms`],
    ...(frequencyHz === undefined || dutyCycle === undefined || dutyCyclePeriodMs === undefined
      ? []
      : [row('duty-cycle period', `${dutyCyclePeriodMs} ms (${percent(dutyCycle)} at ${frequencyHz / 1e6} MHz)`)]),
    ['total airtime', spanText(estimate.totalAirtimeMs)],
    ['duration', `${spanText(estimate.durationMs)} at least`],
    ...(note === undefined ? [] : [row('note', note)]),
  ];
}

function linkRows({ modulation, region, dataRate }: Link): Row[] {
  const name = modulationText(modulation);
  return [['modulation', region === undefined ? name : `${name} (${region.name} DR${dataRate})`]];
}

function row(label: string, value: string): Row {
  return [label, value];
}

function percent(part: number): string {
  return `${Math.round(part * 10_000) / 100} %`;
}

/** Seconds exactly, and hours and minutes for people. */
function spanText(ms: number): string {
  const seconds = Math.round(ms) / 1000;
  if (seconds < 60) return `${seconds} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts = [...(hours > 0 ? [`${hours} h`] : []), `${minutes} min`, `${whole % 60} s`];
  return `${seconds} s (${parts.join(' ')})`;
}
