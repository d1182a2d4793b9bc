import type { Socket } from 'node:net';
import type { ContractClient } from '../../crash/support/contract-client.ts';
import { beginUpload } from '../../crash/support/half-upload.ts';
import { until } from '../../crash/support/waiting.ts';
import { HALF_HELLO, openFrom, secured } from './raw-socket.ts';

const HELD_JOB = 'an-answer-that-nobody-reads';
/** An answer about so many devices is 2 MB long, several are more than the system takes on the way. */
const DEVICES = 9_000;
const ANSWERS = 10;
const A_DAY_S = 86_400;
/** No socket of ours may become readable in the meantime. */
const ANSWERED_WITHIN_MS = 20_000;

/** Opens a connection in every state in which one can be while the server stops; resolves to a way to be rid of them. */
export async function holdSocketsOfEveryKind(client: ContractClient, nowS: number): Promise<() => void> {
  const { port, token } = client;
  const open = (): Promise<Socket> => openFrom('127.0.0.1', port);
  const speak = async (text: string): Promise<Socket> => {
    const socket = await secured(await open());
    socket.write(text);
    return socket;
  };
  const answered = async (what: string, text: string): Promise<Socket> => {
    const socket = await speak(text);
    await until(what, ANSWERED_WITHIN_MS, () => socket.bytesRead > 0 && socket.readableLength > 0);
    return socket;
  };
  await client.accepted('POST', '/api/lora/fota', {
    transmission_type: 'FOTA',
    endDeviceDeveuis: Array.from({ length: DEVICES }, (_, i) => (0x70b3d50000000000n + BigInt(i)).toString(16)),
    multicastGroupID: 2,
    scheduledTimeSinceUnixEpoch: Math.floor(nowS) + A_DAY_S,
    schedule_filename: HELD_JOB,
  });

  const silent = await open();
  const halfHandshake = await open();
  halfHandshake.write(HALF_HELLO);
  const noRequest = await secured(await open());
  const keptAlive = await answered('an answer', 'GET /api/policy HTTP/1.1\r\nHost: x\r\n\r\n');
  const slowHead = await speak('GET /api/policy HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  const slowBody = await speak('POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
  const refused = await answered(
    'a refusal',
    'POST /api/lora/fota HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{',
  );
  const cookie = `Cookie: token=${token}`;
  const notRead = await answered(
    'an answer that is not read',
    `GET /api/lora/fotaprogress?filename=${HELD_JOB} HTTP/1.1\r\nHost: x\r\n${cookie}\r\n\r\n`.repeat(ANSWERS),
  );
  await beginUpload(client, 'half.bin', new Uint8Array(200_000));
  const held = [silent, halfHandshake, noRequest, keptAlive, slowHead, slowBody, refused, notRead];
  const lost = held.findIndex(({ closed }) => closed);
  if (lost >= 0) throw new Error(`The server closed connection ${lost} already`);
  return () => {
    for (const socket of held) socket.destroy();
  };
}
