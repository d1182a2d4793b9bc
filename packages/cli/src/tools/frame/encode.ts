import { toHex } from '@airlift/kernel';
import type { ToolPorts } from '../ports.ts';
import { jsonOf, readText } from '../read-input.ts';
import { UsageError } from '../tool-error.ts';
import { buildPhy } from './build-phy.ts';
import { chooseCodec } from './choose-codec.ts';
import { viewsOf } from './command-json.ts';
import { refusePhyOptions } from './decode.ts';
import type { EncodeOptions } from './frame-options.ts';
import { encodeMultiPackageJson, multiPackageVersions } from './multi-package.ts';

/** `airlift frame encode`. */
export async function encode(json: string | undefined, options: EncodeOptions, ports: ToolPorts): Promise<void> {
  const write = writerFor(options);
  const octets = write(jsonOf(await readText(json, ports)));
  await ports.write(`${toHex(octets)}\n`);
}

function writerFor(options: EncodeOptions): (json: unknown) => Uint8Array {
  if (options.phy === true) return (json) => buildPhy(json, options);
  refusePhyOptions(options);
  const { direction } = options;
  if (direction === undefined) throw new UsageError('--direction is missing');
  if (options.multiPackage === true) {
    const versions = multiPackageVersions(options);
    return (json) => encodeMultiPackageJson(versions, direction, json);
  }
  const codec = chooseCodec(options, direction);
  return (json) => codec.encode(viewsOf(json));
}
