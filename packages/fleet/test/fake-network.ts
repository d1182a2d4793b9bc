import { type Clock, fromHex, gpsFromUtc, gpsSecondsU32, parseEui64, type UtcMs, utcMs } from '@airlift/kernel';
import {
  buildDataFrame,
  buildJoinAccept,
  buildMulticastFrame,
  dataRateIndex,
  decodeMacCommands,
  deriveSessionKeys10,
  deviceTimeAns,
  downlinkModulation,
  encodeMacCommands,
  formatDatr,
  type MacDownlinkCommand,
  type MacUplinkCommand,
  type MulticastKeys,
  openDataFrame,
  parseDatr,
  parsePhyPayload,
  type RadioSetting,
  type Region,
  reconstructFCnt,
  rx1DataRate,
  rx1FrequencyHz,
  type SessionKeys10,
  verifyJoinRequest,
} from '@airlift/lorawan';
import type { DatagramSocket } from '../src/gateway/datagram-socket.ts';
import { decodeDatagram, encodeDatagram } from '../src/gateway/semtech-datagram.ts';

/** An uplink as the fake network opened it. */
export interface SeenUplink {
  readonly deveui: string;
  readonly fCnt: number;
  readonly fPort: number | undefined;
  readonly payload: Uint8Array;
  readonly mac: readonly MacUplinkCommand[];
  readonly confirmed: boolean;
  readonly adr: boolean;
  readonly adrAckReq: boolean;
  readonly ack: boolean;
  readonly tmst: number;
  readonly frequencyHz: number;
  readonly datr: string;
  /** True time at the end of the uplink. */
  readonly at: number;
}

/** A downlink to be sent in a window of the next uplink. */
export interface Answer {
  readonly fPort?: number;
  readonly payload?: Uint8Array;
  readonly mac?: readonly MacDownlinkCommand[];
  readonly confirmed?: boolean;
  readonly fPending?: boolean;
  readonly ack?: boolean;
  readonly window?: 'rx1' | 'rx2';
  /** Instead of the next one. */
  readonly fCnt?: number;
}

export interface Session {
  readonly keys: SessionKeys10;
  readonly devAddr: number;
  fCntUp: number | undefined;
  fCntDown: number;
}

const MAX_FOPTS_OCTETS = 15;

interface KnownDevice {
  readonly deveui: string;
  readonly appKey: Uint8Array;
  session: Session | undefined;
  joinNonce: number;
  readonly devNonces: number[];
  readonly queue: Answer[];
}

interface Rxpk {
  readonly tmst: number;
  readonly tmms?: number;
  readonly freq: number;
  readonly datr: string;
  readonly data: string;
}

/** AppTimeAns for an AppTimeReq that insists on an answer. */
function appTimeAns(uplink: SeenUplink): Answer | undefined {
  const { fPort, payload } = uplink;
  const parameters = payload[5] ?? 0;
  if (fPort !== 202 || payload[0] !== 0x01 || (parameters & 0x10) === 0) return undefined;
  const octets = Buffer.from([0x01, 0, 0, 0, 0, parameters & 0x0f]);
  octets.writeInt32LE((gpsSecondsU32(gpsFromUtc(utcMs(uplink.at))) - Buffer.from(payload).readUInt32LE(1)) | 0, 1);
  return { fPort: 202, payload: new Uint8Array(octets) };
}

/** Just enough of a network server, at the other end of a gateway's socket. */
export class FakeNetwork {
  readonly #clock: Clock<UtcMs>;
  readonly #socket: DatagramSocket;
  readonly #region: Region;
  readonly devices = new Map<string, KnownDevice>();
  readonly uplinks: SeenUplink[] = [];
  readonly datagrams: { at: number; kind: string; json?: string }[] = [];
  readonly txAcks: { token: number; json: string | undefined }[] = [];
  readonly joinRequests: { deveui: string; frequencyHz: number; datr: string; devNonce: number; at: number }[] = [];
  /** Called for every uplink before its queue is looked at. */
  onUplink: (uplink: SeenUplink) => void = () => undefined;
  answersPulls = true;
  acceptsJoins = true;
  joinWindow: 'rx1' | 'rx2' = 'rx1';
  cfList: Uint8Array | undefined;
  rx1DrOffset = 0;
  rxDelay = 1;
  nextJoinNonce: number | undefined;
  answersTime = true;
  #token = 0;
  #devAddr = 0x01000000;

  constructor(clock: Clock<UtcMs>, socket: DatagramSocket, region: Region) {
    this.#clock = clock;
    this.#socket = socket;
    this.#region = region;
    socket.onDatagram((octets) => this.#receive(octets));
  }

  /** Takes a fleet's whitelist. */
  register(entries: readonly { deveui: string; appkey: string }[]): void {
    for (const { deveui, appkey } of entries) {
      const eui = parseEui64(deveui);
      const appKey = fromHex(appkey);
      this.devices.set(eui, { deveui: eui, appKey, session: undefined, joinNonce: 0, devNonces: [], queue: [] });
    }
  }

  device(deveui: string): KnownDevice {
    const device = this.devices.get(deveui);
    if (device === undefined) throw new Error(`no device ${deveui}`);
    return device;
  }

  /** Lays a downlink ready for the device's next uplink. */
  queue(deveui: string, ...answers: readonly Answer[]): void {
    this.device(deveui).queue.push(...answers);
  }

  /** Uplinks of a device on a port. */
  on(deveui: string, fPort: number): SeenUplink[] {
    return this.uplinks.filter((uplink) => uplink.deveui === deveui && uplink.fPort === fPort);
  }

  /** Sends a multicast frame at an instant, or at once. */
  multicast(
    group: { readonly mcAddr: number; readonly keys: MulticastKeys },
    setting: RadioSetting,
    frame: { readonly fCnt: number; readonly fPort: number; readonly payload: Uint8Array },
    atMs?: number,
  ): void {
    const octets = buildMulticastFrame({ mcAddr: group.mcAddr, keys: group.keys, ...frame });
    this.raw(octets, setting, atMs === undefined ? { imme: true } : { tmms: Math.round(gpsFromUtc(utcMs(atMs))) });
  }

  /** Hands the gateway a PHYPayload. */
  raw(octets: Uint8Array, setting: RadioSetting, time: Record<string, unknown>): number {
    const datr = formatDatr(downlinkModulation(this.#region, setting.dataRate));
    return this.txpk({
      ...time,
      freq: setting.frequencyHz / 1e6,
      rfch: 0,
      powe: 20,
      modu: 'LORA',
      datr,
      codr: '4/5',
      ipol: true,
      ncrc: true,
      size: octets.length,
      data: Buffer.from(octets).toString('base64'),
    });
  }

  /** Sends a PULL_RESP with this txpk. */
  txpk(txpk: Record<string, unknown>): number {
    const token = this.#token++ & 0xffff;
    this.#socket.send(encodeDatagram({ kind: 'pull-resp', token, json: JSON.stringify({ txpk }) }));
    return token;
  }

  #receive(octets: Uint8Array): void {
    const datagram = decodeDatagram(octets);
    const { kind, token, json } = datagram;
    this.datagrams.push({ at: this.#clock.now(), kind, ...(json === undefined ? {} : { json }) });
    if (kind === 'push-data') {
      this.#socket.send(encodeDatagram({ kind: 'push-ack', token }));
      const { rxpk = [] } = JSON.parse(json ?? '{}') as { rxpk?: Rxpk[] };
      for (const one of rxpk) this.#uplink(one);
    } else if (kind === 'pull-data') {
      if (this.answersPulls) this.#socket.send(encodeDatagram({ kind: 'pull-ack', token }));
    } else if (kind === 'tx-ack') this.txAcks.push({ token, json });
  }

  #uplink(rxpk: Rxpk): void {
    const frame = parsePhyPayload(new Uint8Array(Buffer.from(rxpk.data, 'base64')));
    const frequencyHz = Math.round(rxpk.freq * 1e6);
    if (frame.type === 'join-request') {
      this.joinRequests.push({
        deveui: frame.devEui,
        frequencyHz,
        datr: rxpk.datr,
        devNonce: frame.devNonce,
        at: this.#clock.now(),
      });
      const device = this.devices.get(frame.devEui);
      if (device === undefined || !this.acceptsJoins || !verifyJoinRequest(frame, device.appKey)) return;
      if (device.devNonces.includes(frame.devNonce)) return;
      device.devNonces.push(frame.devNonce);
      this.#join(device, frame.devNonce, rxpk, frequencyHz);
    } else if (frame.type === 'data' && frame.direction === 'up') {
      const device = [...this.devices.values()].find((one) => one.session?.devAddr === frame.devAddr);
      const session = device?.session;
      if (device === undefined || session === undefined) return;
      const candidate = reconstructFCnt(session.fCntUp, frame.fCnt16);
      if (candidate === undefined) return;
      const opened = openDataFrame(frame, { keys: session.keys, fCnt: candidate.fCnt });
      if (opened === undefined) throw new Error('an uplink with a wrong integrity code');
      session.fCntUp = candidate.fCnt;
      const uplink: SeenUplink = {
        deveui: device.deveui,
        fCnt: candidate.fCnt,
        fPort: frame.fPort,
        payload: opened.payload,
        mac: decodeMacCommands('up', frame.fPort === 0 ? opened.payload : opened.fOpts).commands,
        confirmed: frame.confirmed,
        adr: frame.fCtrl.adr,
        adrAckReq: frame.fCtrl.adrAckReq,
        ack: frame.fCtrl.ack,
        tmst: rxpk.tmst,
        frequencyHz,
        datr: rxpk.datr,
        at: this.#clock.now(),
      };
      this.uplinks.push(uplink);
      this.onUplink(uplink);
      const answer = this.answersTime ? (appTimeAns(uplink) ?? device.queue.shift()) : device.queue.shift();
      const asksTime = this.answersTime && uplink.mac.some(({ name }) => name === 'DeviceTimeReq');
      const time = asksTime ? [deviceTimeAns(gpsFromUtc(utcMs(uplink.at)))] : [];
      if (answer !== undefined || time.length > 0) {
        this.answer(session, uplink, { ...answer, mac: [...(answer?.mac ?? []), ...time] });
      }
    }
  }

  /** Answers an uplink in one of its windows. */
  answer(session: Session, uplink: SeenUplink, answer: Answer): void {
    const fCnt = answer.fCnt ?? session.fCntDown++;
    const commands = encodeMacCommands('down', answer.mac ?? []);
    const isLong = commands.length > MAX_FOPTS_OCTETS;
    const content = isLong ? { fPort: 0, payload: commands } : answer;
    const octets = buildDataFrame({
      direction: 'down',
      devAddr: session.devAddr,
      fCnt,
      keys: session.keys,
      confirmed: answer.confirmed === true,
      fCtrl: { fPending: answer.fPending === true, ack: answer.ack === true },
      fOpts: isLong ? new Uint8Array(0) : commands,
      ...(content.fPort === undefined ? {} : { fPort: content.fPort, payload: content.payload ?? new Uint8Array(0) }),
    });
    this.#inWindow(octets, uplink, answer.window ?? 'rx1', this.rxDelay);
  }

  #inWindow(
    octets: Uint8Array,
    uplink: { tmst: number; frequencyHz: number; datr: string },
    window: 'rx1' | 'rx2',
    delayS: number,
  ): void {
    const upDr = dataRateIndex(this.#region, 'up', parseDatr(uplink.datr)) ?? 0;
    const rx1: RadioSetting = {
      frequencyHz: rx1FrequencyHz(this.#region, uplink.frequencyHz) ?? 0,
      dataRate: rx1DataRate(this.#region, upDr, this.rx1DrOffset) ?? 0,
    };
    const offsetUs = (delayS + (window === 'rx1' ? 0 : 1)) * 1_000_000;
    this.raw(octets, window === 'rx1' ? rx1 : this.#region.rx2, { tmst: (uplink.tmst + offsetUs) % 2 ** 32 });
  }

  #join(device: KnownDevice, devNonce: number, rxpk: Rxpk, frequencyHz: number): void {
    device.joinNonce = this.nextJoinNonce ?? device.joinNonce + 1;
    this.nextJoinNonce = undefined;
    const devAddr = this.#devAddr++;
    const { joinNonce, appKey } = device;
    device.session = {
      devAddr,
      keys: deriveSessionKeys10({ rootKey: appKey, joinNonce, netId: 0x13, devNonce }),
      fCntUp: undefined,
      fCntDown: 0,
    };
    const octets = buildJoinAccept(
      {
        joinNonce,
        netId: 0x13,
        devAddr,
        rx1DrOffset: this.rx1DrOffset,
        rx2DataRate: this.#region.rx2.dataRate,
        rxDelay: this.rxDelay,
        ...(this.cfList === undefined ? {} : { cfList: this.cfList }),
      },
      { key: appKey },
    );
    const offsetS = this.rx1DrOffset;
    this.rx1DrOffset = 0;
    this.#inWindow(octets, { tmst: rxpk.tmst, frequencyHz, datr: rxpk.datr }, this.joinWindow, 5);
    this.rx1DrOffset = offsetS;
  }
}
