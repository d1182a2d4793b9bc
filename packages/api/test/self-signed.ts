import { generateKeyPairSync, sign } from 'node:crypto';
import { concatOctets, fromHex } from '@airlift/kernel';

/** A certificate for `localhost`, made on the spot: a version 1 X.509 certificate signed by its own EC key. */
export function selfSigned(): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = der(0x30, der(0x06, fromHex('2a8648ce3d040302')));
  const commonName = der(0x30, der(0x06, fromHex('550403')), der(0x0c, text('localhost')));
  const name = der(0x30, der(0x31, commonName));
  const validity = der(0x30, der(0x17, text('200101000000Z')), der(0x17, text('491231235959Z')));
  const publicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const tbs = der(0x30, der(0x02, Uint8Array.of(1)), ecdsaWithSha256, name, validity, name, publicKeyInfo);
  const signature = sign('sha256', tbs, privateKey);
  const certificate = der(0x30, tbs, ecdsaWithSha256, der(0x03, Uint8Array.of(0), signature));
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatOctets(...contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 255];
  return concatOctets(Uint8Array.of(tag, ...length), content);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
