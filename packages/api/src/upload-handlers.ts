import { ACKNOWLEDGEMENT, contractError } from '@airlift/contract';
import type { FastifyRequest } from 'fastify';
import type { ApiConfig } from './config.ts';
import type { UploadKind, UploadStore } from './ports.ts';
import { drain } from './raw-body.ts';
import { type Handler, loginOf } from './request.ts';
import type { SessionDesk } from './session-desk.ts';
import { type FormPart, UploadForm } from './upload-form.ts';

const MOST_PARTS = 20;

/** Uploads of firmware and message files (contract sections 2.1 and 2.2). */
export function uploadHandlers(uploads: UploadStore, sessions: SessionDesk, config: ApiConfig) {
  const receive =
    (kind: UploadKind, partName: string, limitBytes: number): Handler =>
    async (request) => {
      if (!request.isMultipart()) throw contractError('upload-not-multipart');
      const login = loginOf(request);
      const form = new UploadForm({
        parts: formParts(request),
        preferredNames: [partName, 'file'],
        ignorableBytes: limitBytes,
        // An upload may take longer than a session lives without requests.
        onProgress: () => sessions.prolong(login),
      });
      try {
        await form.receive((name, content) => uploads.receive(kind, name, content, limitBytes));
      } catch (error) {
        drain(request.raw);
        throw error;
      }
      return ACKNOWLEDGEMENT;
    };

  return {
    'upload-fota': receive('fota', 'fotafile', config.fotaLimitBytes),
    'upload-message': receive('message', 'messagefile', config.messageLimitBytes),
  } satisfies Readonly<Record<string, Handler>>;
}

function formParts(request: FastifyRequest): AsyncIterator<FormPart> {
  return request.parts({
    // Directories are dropped by our own rule, which is the same for all clients.
    preservePath: true,
    limits: {
      parts: MOST_PARTS,
      files: MOST_PARTS,
      fields: MOST_PARTS,
      fieldNameSize: 256,
      fieldSize: 4096,
      headerPairs: 32,
      // The store counts and refuses.
      fileSize: Number.MAX_SAFE_INTEGER,
    },
  });
}
