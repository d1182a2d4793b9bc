import { CallerError } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { contractError, ERROR_TABLE, errorTableMarkdown, errorText, isErrorCode } from '../src/index.ts';

const entries = Object.entries(ERROR_TABLE);

describe('error table', () => {
  it('is the page ERRORS.md', async () => {
    await expect(errorTableMarkdown()).toMatchFileSnapshot('../ERRORS.md');
  });

  it('keeps the documented wording', () => {
    const documented = {
      'fota-file-missing': [404, 'FOTA file not found. Upload file first.'],
      'message-file-missing': [404, 'Message file not found. Upload file first.'],
      'eui-invalid': [400, 'Invalid device EUI format'],
      'multicast-group-invalid': [400, 'Multicast group ID must be 0-3'],
      'path-unknown': [404, 'Path not found'],
      'method-not-allowed': [405, 'Method not allowed'],
      'commissioning-mode': [409, 'Device in commissioning mode'],
      unauthorized: [401, 'Unauthorized'],
      forbidden: [403, 'Forbidden'],
      'login-failed': [401, 'authorize failed. {remaining} attempts remaining.'],
    } as const;
    for (const [code, [status, text]] of Object.entries(documented)) {
      expect(isErrorCode(code) && ERROR_TABLE[code]).toMatchObject({ status, text });
    }
  });

  it('has stable codes, statuses of failures and a sentence for each', () => {
    for (const [code, entry] of entries) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(entry.status).toBeGreaterThanOrEqual(400);
      expect(entry.kind === 'caller' ? entry.status < 500 || [503, 507].includes(entry.status) : true).toBe(true);
      expect(entry.when).toMatch(/\w/);
    }
  });

  it('fills in blanks', () => {
    expect(errorText('login-failed', { remaining: 2 })).toBe('authorize failed. 2 attempts remaining.');
    expect(errorText('parameters-invalid')).toBe('Invalid parameters: {detail}');
    const error = contractError('parameters-invalid', { detail: 'x must be y' });
    expect(error).toBeInstanceOf(CallerError);
    expect(error).toMatchObject({ code: 'parameters-invalid', message: 'Invalid parameters: x must be y' });
  });

  it('does not take inherited names for codes', () => {
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode('unauthorized')).toBe(true);
  });
});
