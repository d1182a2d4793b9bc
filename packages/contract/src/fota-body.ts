import { z } from 'zod';
import { readDescriptor } from './descriptor.ts';
import { contractError } from './error-table.ts';
import { integer, optional, optionalText, readBody, worded } from './fields.ts';
import { commonPart, DEFAULT_JOB_LIMITS, JOB_MEMBERS, type JobLimits } from './job-body.ts';
import type { FotaRequest } from './job-request.ts';
import { isSafeName } from './safe-name.ts';

/** What clients send as `fotaFile` when they mean none. */
const NO_FILE = 'N/A';

/** Schema of a body of `POST /api/lora/fota` (contract section 2.3); unknown members are ignored. */
export const FOTA_BODY = z.object({
  transmission_type: z.literal('FOTA', worded('must be "FOTA"')),
  ...JOB_MEMBERS,
  fragmentDesc: optionalText(64),
  fotaDescriptor: optional(integer(0, 0xffff_ffff)),
  fotaFile: optionalText(1024),
  parity_fragments_per_session: optional(integer(0, 300)),
  max_packet_size: optional(integer(11, 242)),
});

/**
 * Reads a body of `POST /api/lora/fota`.
 * @throws CallerError `parameters-invalid` | `eui-invalid` | `multicast-group-invalid` | `fota-file-missing` for a
 *   name that no upload can have
 */
export function parseFotaBody(body: unknown, limits: JobLimits = DEFAULT_JOB_LIMITS): FotaRequest {
  const members = readBody(FOTA_BODY, body);
  const common = commonPart(members, limits);
  const descriptor = readDescriptor(members.fragmentDesc, members.fotaDescriptor);
  const fotaFile = members.fotaFile === NO_FILE ? undefined : members.fotaFile;
  if (fotaFile !== undefined && !isSafeName(fotaFile)) throw contractError('fota-file-missing');
  return {
    kind: 'FOTA',
    ...common,
    fotaFile,
    descriptor,
    parityFragments: members.parity_fragments_per_session,
    maxPacketSize: members.max_packet_size,
  };
}
