import { connect } from 'node:net';
import { formatEui64, parseEui64, Rng, toHex } from '@airlift/kernel';
import { buildDataFrame } from '@airlift/lorawan';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, fileForm } from '../crash/support/contract-client.ts';
import { ADMIN_PASSWORD } from '../crash/support/server-process.ts';
import { until } from '../crash/support/waiting.ts';
import { forwarderJson, jobBodies, phyOctets } from './support/arbitraries.ts';
import { brokenForms } from './support/broken-forms.ts';
import { HostileWorld, JOB } from './support/hostile-world.ts';
import { RawConnection } from './support/tls-socket.ts';

const SEED = Number(process.env.AIRLIFT_HOSTILE_SEED ?? 20_260_115);
const UPLOAD = '/api/command/upload_lora_fota_file';
const MOST_RESIDENT_OCTETS = 250e6;
const SLOWEST_ANSWER_MS = 5_000;
/** What a forwarder may say to an order, and what it may not; most say that all is well. */
const TX_ACKS = [
  '',
  '{"txpk_ack":{"error":"NONE"}}',
  '',
  '{"txpk_ack":{"error":"TX_FREQ"}}',
  '',
  '{"txpk_ack":[]}',
  '{',
];

describe(`a server under attack while a job is running (AIRLIFT_HOSTILE_SEED=${SEED})`, () => {
  const rng = new Rng(SEED);
  let world: HostileWorld;

  beforeAll(async () => {
    world = await HostileWorld.create(String(SEED));
  }, 60_000);

  afterAll(() => world.close());

  const samples = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] =>
    fc.sample(arbitrary, { numRuns: count, seed: SEED });

  describe('over HTTP', () => {
    it('refuses bodies that are no JSON, or not the JSON that is expected', async () => {
      const bodies = [...samples(jobBodies, 600), '['.repeat(100_000), '{"a":'.repeat(50_000), '\u0000', '\ufeff{}'];
      const paths = ['/api/lora/fota', '/api/lora/mcm', '/api/loraNetwork/whitelist/devices', '/api/login'];
      for (const [place, body] of bodies.entries()) {
        const path = paths[place % paths.length] ?? '';
        expectRefusal(await world.client.call({ method: 'POST', path, body }), body);
      }
      const octets = rng.octets(200);
      expectRefusal(await world.client.call({ method: 'POST', path: '/api/lora/fota', body: octets }), toHex(octets));
      const large = ' '.repeat(2_000_000);
      expect(await world.client.call({ method: 'POST', path: '/api/lora/fota', body: large })).toMatchObject({
        httpStatus: 413,
        status: 'fail',
      });
    });

    it('refuses broken forms and keeps nothing of them', async () => {
      const { finished } = await world.storedFiles();
      for (const { what, contentType, body } of brokenForms(rng)) {
        const headers = { 'content-type': contentType };
        expectRefusal(await world.client.call({ method: 'POST', path: UPLOAD, headers, body }), what);
      }
      expect(await world.storedFiles()).toEqual({ finished, incoming: [] });
    });

    it('keeps nothing of uploads that break off', async () => {
      const { finished } = await world.storedFiles();
      const { body, contentType } = fileForm('half.bin', rng.octets(400_000));
      const head = `POST ${UPLOAD} HTTP/1.1\r\nHost: x\r\nCookie: token=${world.client.token}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const connections = await Promise.all(
        Array.from({ length: 20 }, () => RawConnection.open(world.server.httpsPort)),
      );
      for (const connection of connections) {
        connection.say(head);
        connection.say(body.subarray(0, 100_000));
      }
      await until('uploads are coming', 5_000, async () => (await world.storedFiles()).incoming.length > 0);
      for (const connection of connections) connection.destroy();
      await until('nothing is left of them', 5_000, async () => (await world.storedFiles()).incoming.length === 0);
      expect((await world.storedFiles()).finished).toEqual(finished);
    });

    it('answers or hangs up on what is no HTTP', async () => {
      const sayings: readonly (string | Uint8Array)[] = [
        rng.octets(2_000),
        `GET / HTTP/1.1\r\nX-Long: ${'a'.repeat(100_000)}\r\n\r\n`,
        `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(10_000)}\r\n`,
        `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
        'GET / HTTP/9.9\r\n\r\n',
        'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n',
        'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
        'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      ];
      for (const saying of sayings) {
        const connection = await RawConnection.open(world.server.httpsPort);
        connection.say(saying);
        const line = await connection.statusLine();
        expect(
          line === '' ? connection.closed : /^HTTP\/1\.1 (4\d\d|505) /.test(line),
          `${line} to ${String(saying).slice(0, 60)}`,
        ).toBe(true);
        connection.destroy();
      }
      for (const path of [
        '/api/%2e%2e/%2e%2e/etc/passwd',
        '/api/lora/fotaschedule/..%2f..%2fx',
        '/%ff%fe',
        '/api//lora',
        '/api/lora/fotaresults/%00',
      ]) {
        for (const method of ['GET', 'DELETE', 'PUT']) expectRefusal(await world.client.call({ method, path }), path);
      }
    });

    it('hangs up on what is no TLS', async () => {
      const socket = connect(world.server.httpsPort, '127.0.0.1');
      socket.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
      });
      socket.write(rng.octets(500));
      socket.resume();
      await closed;
    });

    it('serves others while clients dawdle', async () => {
      const slow = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(world.server.httpsPort)));
      for (const [place, connection] of slow.entries()) {
        connection.say(
          place % 2 === 0
            ? 'GET /api/policy HTTP/1.1\r\nX-Sl'
            : 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{',
        );
      }
      const began = performance.now();
      for (let call = 0; call < 20; call++) await world.client.accepted('GET', '/api/lora/status');
      expect(performance.now() - began).toBeLessThan(SLOWEST_ANSWER_MS);
      for (const connection of slow) connection.destroy();
    });
  });

  describe('over UDP', () => {
    it('survives datagrams of any content', async () => {
      const { gateway } = world;
      const anything = samples(fc.uint8Array({ maxLength: 300 }), 2_000);
      await world.flood(anything.length, (place) => gateway.send(anything[place] ?? new Uint8Array(0)));
      const texts = samples(forwarderJson, 2_000);
      await world.flood(texts.length, (place) => gateway.pushText(texts[place] ?? ''));
      await world.flood(texts.length / 4, (place) => gateway.txAck(rng.below(65_536), texts[place] ?? ''));
    });

    it('survives frames of any content', async () => {
      const { gateway } = world;
      const before = await stats();
      const anything = samples(phyOctets, 3_000);
      await world.flood(anything.length, (place) => gateway.pushFrame(anything[place] ?? new Uint8Array(0)));
      await world.flood(1_000, () => gateway.pushFrame(strangersFrame()));
      await until('all frames are dealt with', 10_000, async () => {
        const { rx_pkts = 0, uplinks_nok_unknown = 0 } = await stats();
        return rx_pkts > (before.rx_pkts ?? 0) + 3_500 && uplinks_nok_unknown > (before.uplinks_nok_unknown ?? 0) + 950;
      });
    });

    it('lets nobody in with a wrong key or a nonce used before', async () => {
      const { gateway, victim } = world;
      const request = await victim.join();
      const before = await stats();
      for (let attempt = 0; attempt < 50; attempt++) await gateway.pushFrame(victim.joinRequest(rng.octets(16)));
      await until(
        'the forgeries are counted',
        10_000,
        async () => (await stats()).rx_joins_nok_mic === (before.rx_joins_nok_mic ?? 0) + 50,
      );
      // Echoes of a frame are dropped for a moment, so the replay is repeated.
      await until('the replay is counted', 10_000, async () => {
        await gateway.pushFrame(request);
        return ((await stats()).rx_joins_nok_nonce ?? 0) > (before.rx_joins_nok_nonce ?? 0);
      });
      expect((await stats()).rx_joins_ok).toBe(before.rx_joins_ok);
    });

    it('survives a device with valid keys that answers the questions of the job with anything', async () => {
      const { gateway, device } = world;
      const before = (await stats()).uplinks_ok ?? 0;
      const payloads = samples(
        fc.tuple(fc.constantFrom(200, 201, 202, 203, 1, 223), fc.uint8Array({ maxLength: 222 }), fc.boolean()),
        500,
      );
      gateway.acknowledgement = ({ token }) => TX_ACKS[token % TX_ACKS.length];
      for (const [place, [fPort, payload, confirmed]] of payloads.entries()) {
        const frame = device.uplink(fPort, payload, confirmed);
        await gateway.pushFrame(frame);
        // A replay counts for nothing.
        await gateway.pushFrame(frame);
        if (place % 20 === 19) await world.gatewaysAreAnswered();
      }
      await until(
        'they are counted',
        20_000,
        async () => ((await stats()).uplinks_ok ?? 0) >= before + payloads.length,
      );
      await world.flood(1_000, (token) => gateway.txAck(token, '{"txpk_ack":{"error":"TX_FREQ"}}', world.fleetGateway));
    });

    it('remembers a bounded number of gateways', async () => {
      await world.flood(5_000, async (number) => {
        const eui = parseEui64(`0badcafe0000${number.toString(16).padStart(4, '0')}`);
        if (number % 2 === 0) await world.gateway.pull(eui);
        else await world.gateway.pushText('{"stat":{"rxnb":-7,"ackr":1e308}}', eui);
      });
      const { result } = await world.client.accepted('GET', '/api/lora/gateways');
      expect(result).toSatisfy((list: readonly unknown[]) => list.length > 100 && list.length <= 1_000);
      expect(JSON.stringify(result)).toContain(formatEui64(world.gateway.eui));
    });

    it('survives a burst of 20,000 datagrams', async () => {
      const { gateway, device } = world;
      const frames = [
        ...samples(phyOctets, 500),
        ...Array.from({ length: 100 }, () => device.joinRequest(rng.octets(16))),
        ...Array.from({ length: 100 }, () => device.uplink(201, rng.octets(30))),
      ];
      const before = (await stats()).rx_pkts ?? 0;
      await world.flood(20_000, () => gateway.pushFrame(frames[rng.below(frames.length)] ?? new Uint8Array(0)));
      expect((await stats()).rx_pkts).toBeGreaterThan(before + 15_000);
    }, 60_000);
  });

  describe('afterwards', () => {
    it('has answered ordinary clients all the time', () => {
      expect(world.refusals).toEqual([]);
      expect(world.slowestAnswerMs).toBeLessThan(SLOWEST_ANSWER_MS);
    });

    it('has brought the job to its end, with a result for every device', async () => {
      await until(
        'the job is complete',
        60_000,
        async () => (await world.client.progress(JOB)).overall_percent_complete === 100,
      );
      const result = (await world.client.results()).find(({ filename }) => filename === JOB);
      expect(result?.devices.map(({ deveui }) => deveui).toSorted()).toEqual([...world.devEuis].toSorted());
    }, 70_000);

    it('has not grown beyond bounds', async () => {
      expect(await world.residentOctets()).toBeLessThan(MOST_RESIDENT_OCTETS);
    });

    it('has logged no fault of its own, and no secret', () => {
      const { log, complaints } = world.server;
      expect(world.server.running).toBe(true);
      expect(complaints).toEqual([]);
      // It did log in detail.
      expect(log).toContain('"level":20');
      for (const secret of [...world.device.secrets, ...world.victim.secrets, ADMIN_PASSWORD, world.client.token]) {
        expect(secret).not.toBe('');
        expect(log.toLowerCase()).not.toContain(secret.toLowerCase());
      }
    });
  });

  /** A data frame of a device that nobody knows. */
  function strangersFrame(): Uint8Array {
    return buildDataFrame({
      direction: 'up',
      devAddr: rng.u32(),
      fCnt: rng.below(65_536),
      fPort: 200 + rng.below(4),
      payload: rng.octets(20),
      keys: { macVersion: '1.0', nwkSKey: rng.octets(16), appSKey: rng.octets(16) },
    });
  }

  async function stats(): Promise<Readonly<Record<string, number>>> {
    return (await world.client.accepted('GET', '/api/lora/stats')).result as Readonly<Record<string, number>>;
  }
});

function expectRefusal(answer: Answer, what: string): void {
  expect(answer, what.slice(0, 500)).toMatchObject({ status: 'fail', error: expect.any(String) });
  expect(answer.code).toBe(answer.httpStatus);
  expect(answer.httpStatus, what.slice(0, 500)).toBeGreaterThanOrEqual(400);
  expect(answer.httpStatus, what.slice(0, 500)).toBeLessThan(500);
}
