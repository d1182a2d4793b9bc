import { describe, expect, it } from 'vitest';
import { atLeast, methodsOf, OPERATIONS } from '../src/index.ts';

describe('operations', () => {
  it('have one entry for each method and path', () => {
    const calls = Object.values(OPERATIONS).map((operation) => `${operation.method} ${operation.path}`);
    expect(new Set(calls).size).toBe(calls.length);
  });

  it('name the methods of a path', () => {
    expect(methodsOf('/api/lora/fota')).toEqual(['POST']);
    expect(methodsOf('/api/lora/fota/')).toEqual(['POST']);
    expect(methodsOf('/api/lora/fotaschedule')).toEqual(['GET']);
    expect(methodsOf('/api/lora/fotaschedule/x')).toEqual(['DELETE']);
    expect(methodsOf('/api/loraNetwork/whitelist/devices/0')).toEqual(['GET', 'PUT', 'DELETE']);
    expect(methodsOf('/api/lora/nope')).toEqual([]);
    expect(methodsOf('/api/lora/fotaschedule/x/y')).toEqual([]);
  });

  it('rank the roles', () => {
    expect(atLeast('admin', 'guest')).toBe(true);
    expect(atLeast('user', 'user')).toBe(true);
    expect(atLeast('guest', 'user')).toBe(false);
  });
});
