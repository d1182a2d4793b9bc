import { z } from 'zod';
import { contractError } from './error-table.ts';
import { integer, notSet, optional, optionalText, readBody, worded } from './fields.ts';
import { commonPart, DEFAULT_JOB_LIMITS, JOB_MEMBERS, type JobLimits } from './job-body.ts';
import type { MessageRequest } from './job-request.ts';
import { readBase64Payload, readHexPayload } from './payload-text.ts';
import { isSafeName } from './safe-name.ts';

/** Octets that the fastest data rates carry in one frame; a longer message can never be sent. */
export const LONGEST_MESSAGE_OCTETS = 242;

const MOST_TRANSMISSIONS = 20;

/** Schema of a body of `POST /api/lora/mcm` (contract section 2.4); unknown members are ignored. */
export const MESSAGE_BODY = z.object({
  transmission_type: z.literal('Message', worded('must be "Message"')),
  ...JOB_MEMBERS,
  multicastMessage: z.object(
    {
      messageFormat: z.enum(['Hexadecimal', 'Base64', 'Binary'], worded('must be "Hexadecimal", "Base64" or "Binary"')),
      // Bounded by the body; one that decodes to too much gets its own error.
      messagePayload: optionalText(Number.MAX_SAFE_INTEGER),
      messagePayloadFile: optionalText(1024),
      messagePort: integer(1, 220),
      multicastSessionTimeout: optional(integer(0, 15)),
      transmissions: optional(integer(1, MOST_TRANSMISSIONS)),
      confirmationPort: optional(integer(1, 223)),
    },
    worded('must be an object'),
  ),
});

/**
 * Reads a body of `POST /api/lora/mcm`.
 * @throws CallerError `parameters-invalid` | `eui-invalid` | `multicast-group-invalid` | `payload-too-long` |
 *   `message-file-missing` for a name that no upload can have
 */
export function parseMessageBody(body: unknown, limits: JobLimits = DEFAULT_JOB_LIMITS): MessageRequest {
  const { multicastMessage: message, ...members } = readBody(MESSAGE_BODY, body);
  const common = commonPart(members, limits);
  return {
    kind: 'Message',
    ...common,
    payload: readPayload(message),
    messagePort: message.messagePort,
    sessionTimeoutExponent: message.multicastSessionTimeout,
    transmissions: message.transmissions ?? 1,
    confirmPort: message.confirmationPort,
  };
}

interface MessageMembers {
  readonly messageFormat: 'Hexadecimal' | 'Base64' | 'Binary';
  readonly messagePayload: string | undefined;
  readonly messagePayloadFile: string | undefined;
}

function readPayload(message: MessageMembers): MessageRequest['payload'] {
  if (message.messageFormat === 'Binary') {
    const name = message.messagePayloadFile;
    if (name === undefined) throw notSet('multicastMessage.messagePayloadFile');
    if (!isSafeName(name)) throw contractError('message-file-missing');
    return { from: 'file', name };
  }
  if (message.messagePayload === undefined) throw notSet('multicastMessage.messagePayload');
  // Two digits an octet are the longest spelling: what exceeds that needs no reading.
  if (message.messagePayload.length > 2 * LONGEST_MESSAGE_OCTETS) throw contractError('payload-too-long');
  const read = message.messageFormat === 'Hexadecimal' ? readHexPayload : readBase64Payload;
  const octets = read(message.messagePayload);
  if (octets.length > LONGEST_MESSAGE_OCTETS) throw contractError('payload-too-long');
  return { from: 'body', octets };
}
