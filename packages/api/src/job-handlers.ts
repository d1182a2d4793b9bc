import { Readable } from 'node:stream';
import {
  ACKNOWLEDGEMENT,
  contractError,
  FRAMES_HEAD,
  frameLines,
  JOB_ACCEPTED,
  type JobOrder,
  logShape,
  parseFotaBody,
  parseMessageBody,
  plannedJobShape,
  progressShape,
  resultsShape,
  scheduleShape,
  success,
} from '@airlift/contract';
import type { FastifyRequest } from 'fastify';
import type { ApiConfig } from './config.ts';
import { jsonBody } from './json-body.ts';
import type { JobDesk } from './ports.ts';
import { type Handler, pathPart, queryText } from './request.ts';

/** Entries of a log in one answer. */
const LOG_PAGE = 1_000;
/** Frames that are read at a time. */
const FRAMES_PAGE = 1_000;

/** Scheduling, watching and cancelling of jobs (contract sections 2.3 to 2.7). */
export function jobHandlers(jobs: JobDesk, config: ApiConfig) {
  const limits = { maxDevices: config.maxDevices };
  return {
    'schedule-fota': async (request) => {
      const wish = parseFotaBody(jsonBody(request), limits);
      if (isDryRun(request)) return success(plannedJobShape(await jobs.plan(wish)));
      await jobs.schedule(wish);
      return JOB_ACCEPTED;
    },
    'schedule-message': async (request) => {
      const wish = parseMessageBody(jsonBody(request), limits);
      if (isDryRun(request)) return success(plannedJobShape(await jobs.plan(wish)));
      await jobs.schedule(wish);
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
    'job-pause': orderHandler(jobs, 'pause'),
    'job-resume': orderHandler(jobs, 'resume'),
    'job-approve': orderHandler(jobs, 'approve'),
    'job-abort': orderHandler(jobs, 'abort'),
    'job-retry': async (request) => {
      const outcome = await jobs.retry(pathPart(request, 'filename'));
      if (outcome === 'unknown') throw contractError('operation-unknown');
      if (outcome === 'meaningless') throw contractError('order-meaningless');
      return success({ filename: outcome.filename, devices: outcome.deviceCount });
    },
    'job-log': async (request) => {
      const from = logStart(request);
      const entries = await jobs.log(pathPart(request, 'filename'), from, LOG_PAGE);
      if (entries === undefined) throw contractError('operation-unknown');
      return success(logShape(entries, LOG_PAGE));
    },
    'job-frames': async (request, reply) => {
      const filename = pathPart(request, 'filename');
      if ((await jobs.frames(filename, 0, 1)) === undefined) throw contractError('operation-unknown');
      return reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${filename}.csv"`)
        .send(Readable.from(framesTable(jobs, filename)));
    },
  } satisfies Readonly<Record<string, Handler>>;
}

function orderHandler(jobs: JobDesk, order: JobOrder): Handler {
  return async (request) => {
    const outcome = await jobs.order(pathPart(request, 'filename'), order);
    if (outcome === 'unknown') throw contractError('operation-unknown');
    if (outcome === 'meaningless') throw contractError('order-meaningless');
    return ACKNOWLEDGEMENT;
  };
}

/** A job on the air for days has more frames than one answer should hold in memory. */
async function* framesTable(jobs: JobDesk, filename: string): AsyncGenerator<string> {
  yield FRAMES_HEAD;
  for (let from = 0; ; from += FRAMES_PAGE) {
    const frames = (await jobs.frames(filename, from, FRAMES_PAGE)) ?? [];
    if (frames.length > 0) yield frameLines(frames);
    if (frames.length < FRAMES_PAGE) return;
  }
}

/** @throws CallerError `parameters-invalid` */
function isDryRun(request: FastifyRequest): boolean {
  const text = queryText(request, 'dryRun');
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw contractError('parameters-invalid', { detail: 'dryRun must be true or false' });
}

/** @throws CallerError `parameters-invalid` */
function logStart(request: FastifyRequest): number {
  const text = queryText(request, 'from') ?? '1';
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw contractError('parameters-invalid', { detail: 'from must be a whole number of 1 or more' });
}
