import { maxPayloadOctets } from '@airlift/lorawan';
import type { ToolPorts } from '../ports.ts';
import { jsonText } from '../print-json.ts';
import { UsageError } from '../tool-error.ts';
import { airtimeUs, FRAME_HEAD_OCTETS } from './airtime-of.ts';
import type { AirtimeOptions } from './airtime-options.ts';
import { campaignTable, frameTable, tableText } from './airtime-tables.ts';
import { estimateCampaign } from './campaign-estimate.ts';
import { imageOctets } from './image-octets.ts';
import { type Link, linkOf, linkView } from './link.ts';

/** `airlift airtime`. */
export async function airtime(options: AirtimeOptions, ports: ToolPorts): Promise<void> {
  const link = linkOf(options);
  const { image, json } = options;
  if (image === undefined) {
    refuseImageOptions(options);
    const phyOctets = phyOctetsOf(options);
    warnOfLength(link, phyOctets, ports);
    const us = airtimeUs(link, phyOctets);
    const result = { ...linkView(link), phyOctets, airtimeMs: us / 1000, airtimeUs: us };
    return ports.write(json === true ? jsonText(result) : tableText(frameTable(link, phyOctets, us)));
  }
  if (options.payload !== undefined || options.phyOctets !== undefined || options.uplink === true) {
    throw new UsageError('--image does not go with --payload, --phy-octets and --uplink');
  }
  const estimate = estimateCampaign(link, await imageOctets(image), options);
  warnOfLength(link, estimate.phyOctets, ports);
  await ports.write(
    json === true ? jsonText({ ...linkView(link), ...estimate }) : tableText(campaignTable(link, estimate)),
  );
}

function phyOctetsOf({ payload, phyOctets }: AirtimeOptions): number {
  if ((payload === undefined) === (phyOctets === undefined)) {
    throw new UsageError('one of --payload and --phy-octets is needed (or --image)');
  }
  return phyOctets ?? (payload ?? 0) + FRAME_HEAD_OCTETS;
}

const IMAGE_ONLY = {
  fragSize: '--frag-size',
  loss: '--loss',
  devices: '--devices',
  parity: '--parity',
  sleep: '--sleep',
  paritySleep: '--parity-sleep',
  frequency: '--frequency',
} as const satisfies Partial<Record<keyof AirtimeOptions, string>>;

function refuseImageOptions(options: AirtimeOptions): void {
  for (const [key, flag] of Object.entries(IMAGE_ONLY)) {
    if (options[key as keyof typeof IMAGE_ONLY] !== undefined) throw new UsageError(`${flag} goes with --image only`);
  }
}

/** Frames that no network may send are computed all the same, but not without a word. */
function warnOfLength({ region, dataRate }: Link, phyOctets: number, ports: ToolPorts): void {
  if (region === undefined || dataRate === undefined) return;
  const most = maxPayloadOctets(region, dataRate);
  if (most !== undefined && phyOctets - FRAME_HEAD_OCTETS > most) {
    ports.complain(`airlift: ${region.name} allows payloads of ${most} octets at DR${dataRate}\n`);
  }
}
