import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, buildApi, commissionAdmin } from '@airlift/api';
import { ProfileRegistry } from '@airlift/applayer';
import { CampaignEngine } from '@airlift/campaign';
import { bindUdpSocket, SemtechUdpLink, type UdpSocket } from '@airlift/gateways';
import {
  CallerError,
  type Clock,
  type Entropy,
  OffsetCalendar,
  type RealMs,
  realMs,
  SystemClock,
  systemEntropy,
} from '@airlift/kernel';
import { multicastProblem, type Region, region as regionByName } from '@airlift/lorawan';
import { DEFAULT_NETWORK_CONFIG, NetworkServer } from '@airlift/network';
import { asOpeningFailure, claimDataDir, openStore, type Store } from '@airlift/store';
import { CampaignJobDesk } from './campaign-job-desk.ts';
import { NetworkFleetView } from './network-fleet-view.ts';
import { NetworkLink } from './network-link.ts';
import type { ServerConfig } from './server-config.ts';
import { type ServerLog, serverLog } from './server-log.ts';
import { startTime } from './server-time.ts';
import { StoredDirectory } from './stored-directory.ts';
import { StoredWhitelist } from './stored-whitelist.ts';
import { tlsMaterial } from './tls-material.ts';

/** SF9 in RX2, as most networks in Europe have it: at the default of SF12 an answer takes eight times as long. */
const EU868_RX2_DATA_RATE = 3;
/** How often uploads that nobody needs any more are looked for, real time. */
const GARBAGE_EVERY_MS = 3_600_000;
/** Requests under way get so long to end when the server stops; whoever stops it waits for little more. */
const STOP_GRACE_MS = 1_000;

export interface ServerOptions {
  readonly config: ServerConfig;
  /** Time of network and campaigns; the system's, scaled as configured, unless given. */
  readonly clock?: Clock;
  /** Date of that clock; one that never steps unless given. */
  readonly calendar?: OffsetCalendar;
  readonly entropy?: Entropy;
  /** Where packet forwarders are heard; bound as configured unless given. */
  readonly udpSocket?: UdpSocket;
}

/** A running server. */
export interface AirliftServer {
  readonly httpsPort: number;
  /** Undefined when plain HTTP is off. */
  readonly httpPort: number | undefined;
  readonly udpPort: number;
  /** Time as network and campaigns see it. */
  readonly clock: Clock;
  readonly whitelist: StoredWhitelist;
  /** An administrator exists. */
  commissioned(): Promise<boolean>;
  /** Creates the administrator; false when there is one. @throws CallerError `password-weak` */
  commission(password: string): Promise<boolean>;
  /** Resolves when neither a frame nor a step of a job is under way; for compositions in virtual time. */
  idle(): Promise<void>;
  /** Lets steps and requests under way finish, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Puts the server together and starts it. Whatever was opened before a failure is closed again.
 * @throws CallerError for unusable settings and a data folder that cannot be served; the system's errors for ports that
 * are taken
 */
export async function startServer(options: ServerOptions): Promise<AirliftServer> {
  const { config } = options;
  const log = serverLog(config.logLevel, new SystemClock());
  const closers: (() => Promise<void>)[] = [async () => log.flush()];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await assemble(options, log, closers, stop);
  } catch (error) {
    await stop();
    throw asOpeningFailure(error, join(config.data, 'airlift.db'));
  }
}

async function assemble(
  options: ServerOptions,
  log: ServerLog,
  closers: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<AirliftServer> {
  const { config, entropy = systemEntropy } = options;
  const realClock = new SystemClock();
  const region = regionByName(config.region);
  const radio = multicastRadio(config, region);
  const profiles = await loadProfiles(config);

  const release = claimDataDir(config.data);
  closers.push(async () => release());
  const store = await openStore({
    dataDir: config.data,
    clock: realClock,
    entropy,
    log: log.store,
  });
  closers.push(() => store.close());
  const time = await startTime({
    realClock,
    meta: store.meta,
    log,
    scale: config.timeScale,
    anchor: config.timeAnchor === null ? undefined : realMs(config.timeAnchor * 1000),
    own: options.clock && { clock: options.clock, calendar: options.calendar ?? new OffsetCalendar() },
  });
  closers.push(() => time.stop());
  const { clock, calendar, deviceTime } = time;

  const socket = options.udpSocket ?? (await bindUdpSocket(config.udpHost, config.udpPort));
  const link = new SemtechUdpLink({ socket, clock, entropy, log: log.network });
  closers.push(() => link.close());
  const network = new NetworkServer({
    store: store.network,
    link,
    clock,
    deviceTime,
    entropy,
    log: log.network,
    config: {
      ...DEFAULT_NETWORK_CONFIG,
      ...answerTimes(config.timeScale),
      region,
      subBand: region.channels.kind === 'fixed' && config.subBand !== null ? config.subBand : undefined,
      netId: config.netId,
      mcAddrPrefix: config.mcAddrPrefix,
      rx2DataRate: config.rx2DataRate ?? (region.name === 'EU868' ? EU868_RX2_DATA_RATE : undefined),
    },
  });
  const engine = new CampaignEngine({
    link: new NetworkLink(network, store.network),
    jobs: store.jobs,
    images: store.images,
    directory: new StoredDirectory(store.network, store.provisioning, profiles, config.deviceProfile),
    provisioning: store.provisioning,
    clock,
    calendar,
    deviceTime,
    entropy,
    log: log.campaign,
  });
  await network.start();
  await engine.start();
  time.started();
  closers.push(async () => {
    await engine.stop();
    await network.stop();
  });

  const whitelist = new StoredWhitelist(store.network, store.provisioning, profiles, clock);
  const ports = {
    accounts: store.accounts,
    uploads: store.uploads,
    whitelist,
    jobs: new CampaignJobDesk({
      engine,
      jobs: store.jobs,
      images: store.images,
      uploads: store.uploads,
      clock,
      calendar,
      entropy,
      radio: () => ({
        radio,
        maxPayload: network.maxPayload(radio.dataRate),
        expectedUplinkIntervalS: config.expectedUplinkInterval,
      }),
    }),
    fleetView: new NetworkFleetView({
      network,
      link,
      store: store.network,
      calendar,
      forwarderPid: config.simulate > 0 ? process.pid : undefined,
    }),
  };
  const api: Api = await buildApi({
    ports,
    clock: realClock,
    calendar: time.realCalendar,
    entropy,
    log: log.api,
    config: {
      timeoutSeconds: config.sessionTimeout,
      fotaLimitBytes: config.fotaLimitBytes,
      messageLimitBytes: config.messageLimitBytes,
    },
  });
  closers.push(() => api.close(STOP_GRACE_MS));
  if (config.adminPassword !== null) await commissionAdmin(ports, config.adminPassword);

  const tls = await tlsMaterial({
    dataDir: config.data,
    certFile: config.tlsCert,
    keyFile: config.tlsKey,
    onRenewal: (reason) =>
      log.own.warn(
        { reason },
        'the self-signed certificate was made anew: clients that trust the old one have to be told',
      ),
  });
  const httpsPort = await api.listen({ host: config.host, port: config.httpsPort, tls });
  const httpPort =
    config.httpPort === null ? undefined : await api.listen({ host: config.host, port: config.httpPort });
  closers.push(keepTidy(store, realClock, log));
  return {
    httpsPort,
    httpPort,
    udpPort: socket.port,
    clock,
    whitelist,
    commissioned: () => store.accounts.commissioned(),
    commission: (password) => commissionAdmin(ports, password),
    idle: async () => {
      await network.idle();
      await engine.idle();
    },
    stop,
  };
}

/** @throws CallerError `config-invalid` when devices of the region would refuse the session */
function multicastRadio(config: ServerConfig, region: Region): { frequencyHz: number; dataRate: number } {
  const radio = {
    frequencyHz: config.multicastFrequency ?? region.multicast.frequencyHz,
    dataRate: config.multicastDataRate ?? region.multicast.dataRate,
  };
  const problem = multicastProblem(region, radio);
  if (problem === undefined) return radio;
  const setting = problem === 'frequency' ? 'multicastFrequency' : 'multicastDataRate';
  throw new CallerError('config-invalid', `Setting ${setting}: not allowed in ${region.name}`);
}

/** @throws CallerError `config-invalid` | `profile-unknown` */
async function loadProfiles(config: ServerConfig): Promise<ProfileRegistry> {
  const profiles = new ProfileRegistry();
  for (const file of config.profileFiles) {
    let json: unknown;
    try {
      json = JSON.parse(await readFile(file, 'utf8'));
    } catch (cause) {
      throw new CallerError('config-invalid', `The profile file ${file} cannot be read as JSON`, { cause });
    }
    profiles.add(json);
  }
  if (config.deviceProfile !== null) profiles.get(config.deviceProfile);
  return profiles;
}

/**
 * When devices listen for an answer, and until when it is put together. Faster time leaves less real time for it, so the
 * windows open later then; later than two seconds, what is asked shortly before a session would still be open at its start.
 */
function answerTimes(timeScale: number): { readonly rxDelayS: number; readonly answerWaitMs: number } {
  const rxDelayS = timeScale > 15 ? 2 : 1;
  return { rxDelayS, answerWaitMs: rxDelayS * 1000 - 600 };
}

function keepTidy(store: Store, clock: Clock<RealMs>, log: ServerLog): () => Promise<void> {
  const timer = setInterval(() => {
    tidy(store, clock).catch((error: unknown) => log.own.error({ err: error }, 'clean-up failed'));
  }, GARBAGE_EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return Promise.resolve();
  };
}

async function tidy(store: Store, clock: Clock<RealMs>): Promise<void> {
  await store.collectGarbage(clock.now());
  await store.checkpoint();
}
