import { request } from 'node:https';
import { type ContractClient, fileForm } from './contract-client.ts';

/** Sends half of an upload and leaves the connection open. */
export async function beginUpload(client: ContractClient, name: string, image: Uint8Array): Promise<void> {
  const { body, contentType } = fileForm(name, image);
  const call = request({
    host: '127.0.0.1',
    port: client.port,
    method: 'POST',
    path: '/api/command/upload_lora_fota_file',
    agent: false,
    rejectUnauthorized: false,
    headers: { cookie: `token=${client.token}`, 'content-type': contentType, 'content-length': body.length },
  });
  // The end of the server breaks it.
  call.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    call.write(body.subarray(0, body.length / 2), () => resolve());
  });
}
