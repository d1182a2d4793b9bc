import { Concentrator, type Population, type Reception, type TxRequest } from '@airlift/fleet';
import { type Clock, type Eui64, gpsFromUtc, gpsMs, type Rng, type UtcMs } from '@airlift/kernel';
import { formatDatr, type Modulation, parseDatr } from '@airlift/lorawan';
import type { TransmitRequest, TransmitTime } from '@airlift/network';
import type { AirGatewayLink } from './air-gateway-link.ts';

const PREAMBLE_SYMBOLS = 8;

/** Puts a gateway between the air of the devices and the link of the network server. */
export function attachGateway(
  link: AirGatewayLink,
  { radio, region, subBand }: Population,
  own: { readonly eui: Eui64; readonly clock: Clock<UtcMs>; readonly rng: Rng },
  onFrame: () => void,
): Concentrator {
  const modulationOf = modulations();
  const hand = ({ frame, signal, tmst, gps }: Reception): void => {
    onFrame();
    link.receive({
      gatewayEui: own.eui,
      phyPayload: frame.octets,
      frequencyHz: frame.frequencyHz,
      modulation: modulationOf(frame.dataRate),
      rssiDbm: signal.rssi,
      snrDb: signal.snr,
      counterUs: tmst,
      gpsTime: gps ? gpsMs(Math.floor(gpsFromUtc(frame.endMs))) : undefined,
    });
  };
  const concentrator = new Concentrator({ ...own, radio, region, subBand, heard: hand });
  link.attach({
    eui: own.eui,
    send: (request) => {
      const error = concentrator.send(orderOf(request));
      return error === undefined ? { kind: 'programmed' } : { kind: 'refused', error };
    },
  });
  return concentrator;
}

function orderOf({ phyPayload, frequencyHz, modulation, time }: TransmitRequest): TxRequest {
  const isLora = modulation.kind === 'lora';
  return {
    time: timeOf(time),
    frequencyHz,
    modulation: isLora ? 'LORA' : 'FSK',
    dataRate: String(formatDatr(modulation)),
    rfChain: 0,
    invertedPolarity: isLora,
    payloadCrc: !isLora,
    preamble: PREAMBLE_SYMBOLS,
    octets: phyPayload,
  };
}

function timeOf(time: TransmitTime): TxRequest['time'] {
  switch (time.kind) {
    case 'immediately':
      return time;
    case 'at-counter':
      return { kind: 'counter', tmst: time.counterUs };
    case 'at-gps':
      return { kind: 'gps', tmms: time.gpsTime };
  }
}

/** Reads the data rates of the air, each once. */
function modulations(): (dataRate: string) => Modulation {
  const known = new Map<string, Modulation>();
  return (dataRate) => {
    const modulation = known.get(dataRate) ?? parseDatr(/^\d+$/.test(dataRate) ? Number(dataRate) : dataRate);
    known.set(dataRate, modulation);
    return modulation;
  };
}
