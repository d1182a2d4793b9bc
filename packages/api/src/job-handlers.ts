import {
  ACKNOWLEDGEMENT,
  contractError,
  JOB_ACCEPTED,
  parseFotaBody,
  parseMessageBody,
  progressShape,
  resultsShape,
  scheduleShape,
  success,
} from '@airlift/contract';
import type { ApiConfig } from './config.ts';
import { jsonBody } from './json-body.ts';
import type { JobDesk } from './ports.ts';
import { type Handler, pathPart, queryText } from './request.ts';

/** Scheduling, watching and cancelling of jobs (contract sections 2.3 to 2.7). */
export function jobHandlers(jobs: JobDesk, config: ApiConfig) {
  const limits = { maxDevices: config.maxDevices };
  return {
    'schedule-fota': async (request) => {
      await jobs.schedule(parseFotaBody(jsonBody(request), limits));
      return JOB_ACCEPTED;
    },
    'schedule-message': async (request) => {
      await jobs.schedule(parseMessageBody(jsonBody(request), limits));
      return JOB_ACCEPTED;
    },
    progress: async (request) => {
      const filename = queryText(request, 'filename');
      const job = await jobs.progress(filename);
      if (filename !== undefined && job === undefined) throw contractError('operation-unknown');
      return success(progressShape(job, await jobs.operations()));
    },
    schedule: async () => success(scheduleShape(await jobs.scheduled())),
    cancel: async (request) => {
      const outcome = await jobs.cancel(pathPart(request, 'filename'));
      if (outcome === 'unknown') throw contractError('schedule-unknown');
      if (outcome === 'started') throw contractError('schedule-started');
      return ACKNOWLEDGEMENT;
    },
    results: async () => success(resultsShape(await jobs.results())),
    'delete-result': async (request) => {
      if (!(await jobs.deleteResult(pathPart(request, 'filename')))) throw contractError('result-unknown');
      return ACKNOWLEDGEMENT;
    },
  } satisfies Readonly<Record<string, Handler>>;
}
