import {
  ACKNOWLEDGEMENT,
  contractError,
  parseWhitelistDevice,
  success,
  type WhitelistDevice,
  whitelistDeviceShape,
} from '@airlift/contract';
import { isEui64Text, parseEui64 } from '@airlift/kernel';
import { jsonBody } from './json-body.ts';
import type { Whitelist } from './ports.ts';
import { type Handler, pathPart } from './request.ts';

/** Devices allowed to join and their keys; one is addressed by its EUI or by its index in the list. */
export function whitelistHandlers(whitelist: Whitelist) {
  const addressed = async (text: string): Promise<WhitelistDevice> => {
    const devices = await whitelist.list();
    // 16 digits are an EUI even when all of them are decimal.
    const device = isEui64Text(text)
      ? devices.find((one) => one.devEui === parseEui64(text))
      : devices[/^\d{1,6}$/.test(text) ? Number(text) : -1];
    if (device === undefined) throw contractError('device-unknown');
    return device;
  };

  return {
    whitelist: async () => success((await whitelist.list()).map(whitelistDeviceShape)),
    'whitelist-device': async (request) => success(whitelistDeviceShape(await addressed(pathPart(request, 'device')))),
    'whitelist-add': async (request) => {
      await whitelist.add(parseWhitelistDevice(jsonBody(request)));
      return ACKNOWLEDGEMENT;
    },
    'whitelist-replace': async (request) => {
      const current = await addressed(pathPart(request, 'device'));
      const changed = parseWhitelistDevice(jsonBody(request), current);
      // The EUI is who the device is: with another one, its record would get the keys of a stranger.
      if (changed.devEui !== current.devEui) throw contractError('device-eui-fixed');
      if (!(await whitelist.replace(changed))) throw contractError('device-unknown');
      return ACKNOWLEDGEMENT;
    },
    'whitelist-remove': async (request) => {
      const { devEui } = await addressed(pathPart(request, 'device'));
      if (!(await whitelist.remove(devEui))) throw contractError('device-unknown');
      return ACKNOWLEDGEMENT;
    },
    'whitelist-clear': async () => {
      await whitelist.removeAll();
      return ACKNOWLEDGEMENT;
    },
  } satisfies Readonly<Record<string, Handler>>;
}
