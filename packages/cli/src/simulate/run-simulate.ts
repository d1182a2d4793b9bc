import { readFile } from 'node:fs/promises';
import { parseBehaviourMix } from '@airlift/fleet';
import { Rng } from '@airlift/kernel';
import { simulate } from '@airlift/server';
import type { ToolPorts } from '../tools/ports.ts';
import { jsonText } from '../tools/print-json.ts';
import { asUsage } from '../tools/run-tool.ts';
import { InputError, UsageError } from '../tools/tool-error.ts';
import type { SimulateOptions } from './simulate-options.ts';
import { simulationText } from './simulation-text.ts';

const DEFAULT_IMAGE_OCTETS = 252_700;
const NOT_COMPLETE = 1;

/** Runs the simulation that the options describe and prints what it found. */
export async function runSimulate(options: SimulateOptions, ports: ToolPorts): Promise<void> {
  const { devices, loss, lossUp, burst, gateways, drift, late, uplinkInterval, region, dataRate, seed } = options;
  const mix = asUsage(() => parseBehaviourMix(options.profileMix));
  const image = await imageOf(options);
  const startedAt = performance.now();
  const report = await simulate(
    {
      devices,
      seed,
      image,
      loss,
      burstFrames: burst,
      gateways,
      late,
      mix,
      region,
      ...(lossUp === undefined ? {} : { lossUp }),
      ...(drift === undefined ? {} : { driftPpm: drift }),
      ...(uplinkInterval === undefined ? {} : { uplinkIntervalS: uplinkInterval }),
      ...(dataRate === undefined ? {} : { dataRate }),
    },
    {
      step: (text) => {
        if (options.json !== true) ports.complain(`· ${text}\n`);
      },
      failed: (message, cause) => {
        ports.complain(`airlift: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}\n`);
      },
    },
  );
  const wallSeconds = (performance.now() - startedAt) / 1000;
  await ports.write(options.json === true ? jsonText(report) : simulationText(report, wallSeconds));
  if (report.completed !== report.devices) ports.setExitCode(NOT_COMPLETE);
}

async function imageOf({ image, imageSize, seed }: SimulateOptions): Promise<Uint8Array> {
  if (image === undefined) return new Rng(seed).fork('image').octets(imageSize ?? DEFAULT_IMAGE_OCTETS);
  if (imageSize !== undefined) throw new UsageError('--image and --image-size exclude each other');
  const octets = new Uint8Array(await readFile(image));
  if (octets.length === 0) throw new InputError(`The file ${image} is empty`);
  return octets;
}
