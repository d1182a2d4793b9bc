import { type SteadyMs, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type DownlinkPath, NO_PATH, pathStep, type UdpPeer } from '../src/index.ts';
import { isDoubtful, reachableOwner } from '../src/semtech-udp/downlink-path.ts';

const OWNER: UdpPeer = { address: '198.51.100.7', port: 40_001 };
/** The same machine, another port: a restarted forwarder, a changed translation, or an attacker beside it. */
const BESIDE: UdpPeer = { address: '198.51.100.7', port: 50_001 };
const ELSEWHERE: UdpPeer = { address: '203.0.113.66', port: 6 };
const THIRD: UdpPeer = { address: '192.0.2.33', port: 3 };

type Step = readonly [second: number, what: 'pull' | 'ack', from: UdpPeer] | readonly [number, 'genuine', UdpPeer];

const at = (second: number): SteadyMs => steadyMs(second * 1_000);

function pathAfter(steps: readonly Step[]): DownlinkPath {
  let path = NO_PATH;
  for (const [second, kind, from] of steps) {
    if (kind === 'genuine') path = pathStep(path, { kind, address: from.address }, at(second));
    else if (kind === 'pull') path = pathStep(path, { kind, from, version: 2 }, at(second));
    else path = pathStep(path, { kind, from }, at(second));
  }
  return path;
}

const pulls = (from: UdpPeer, first: number, last: number, every: number): Step[] =>
  Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => [first + i * every, 'pull', from]);

const inOrder = (...steps: readonly (readonly Step[])[]): Step[] => steps.flat().sort((a, b) => a[0] - b[0]);

const ownerOf = (path: DownlinkPath): UdpPeer | undefined => (path.kind === 'none' ? undefined : path.owner.peer);

describe('the way to a gateway', () => {
  it.each<readonly [string, readonly Step[], DownlinkPath['kind'], UdpPeer | undefined, number]>([
    ['is none before anybody pulls', [], 'none', undefined, 0],
    ['is given by no TX_ACK', [[0, 'ack', OWNER]], 'none', undefined, 0],
    ['is given by no frame', [[0, 'genuine', OWNER]], 'none', undefined, 0],
    ['belongs to the first who pulls', [[0, 'pull', OWNER]], 'owned', OWNER, 0],
    ['stays with him', pulls(OWNER, 0, 100, 10), 'owned', OWNER, 0],
    [
      'is contested when another pulls',
      [
        [0, 'pull', OWNER],
        [1, 'pull', ELSEWHERE],
      ],
      'contested',
      OWNER,
      1,
    ],
    [
      'is contested on another port, too',
      [
        [0, 'pull', OWNER],
        [1, 'pull', BESIDE],
      ],
      'contested',
      OWNER,
      1,
    ],
    [
      'stays with an owner who goes on, however often another pulls',
      inOrder(pulls(OWNER, 0, 600, 10), pulls(BESIDE, 1.05, 600.05, 0.1)),
      'contested',
      OWNER,
      5_991,
    ],
    [
      'stays with an owner whom TX_ACK shows to be alive',
      inOrder(pulls(OWNER, 0, 10, 5), [[30, 'ack', OWNER]], [[45, 'pull', ELSEWHERE]]),
      'contested',
      OWNER,
      1,
    ],
    [
      'is not kept by TX_ACK from elsewhere',
      inOrder(pulls(OWNER, 0, 10, 5), [[30, 'ack', ELSEWHERE]], [[41, 'pull', ELSEWHERE]]),
      'owned',
      ELSEWHERE,
      0,
    ],
    [
      'is no longer contested when the other gave up',
      inOrder(pulls(OWNER, 0, 200, 10), [[1, 'pull', ELSEWHERE]]),
      'owned',
      OWNER,
      1,
    ],
    [
      'does not go elsewhere while three PULL_DATA may just be late',
      inOrder(pulls(OWNER, 0, 10, 10), pulls(ELSEWHERE, 11, 40, 1)),
      'contested',
      OWNER,
      30,
    ],
    [
      'goes elsewhere after three missed ones',
      inOrder(pulls(OWNER, 0, 10, 10), [[40.1, 'pull', ELSEWHERE]]),
      'owned',
      ELSEWHERE,
      0,
    ],
    ['not before thirty seconds', inOrder(pulls(OWNER, 0, 10, 1), pulls(ELSEWHERE, 11, 40, 1)), 'contested', OWNER, 30],
    [
      'and after ninety in any case',
      inOrder(pulls(OWNER, 0, 120, 60), [[211, 'pull', ELSEWHERE]]),
      'owned',
      ELSEWHERE,
      0,
    ],
    [
      'not before ninety for slow ones',
      inOrder(pulls(OWNER, 0, 120, 60), [[210, 'pull', ELSEWHERE]]),
      'contested',
      OWNER,
      1,
    ],
    [
      'goes to another port of the same address sooner, when it alone goes on',
      inOrder(pulls(OWNER, 0, 10, 5), pulls(BESIDE, 15, 30, 5)),
      'owned',
      BESIDE,
      3,
    ],
    ['but not at its first PULL_DATA', inOrder(pulls(OWNER, 0, 10, 5), [[27, 'pull', BESIDE]]), 'contested', OWNER, 1],
    [
      'and not while a third pulls as well',
      inOrder(pulls(OWNER, 0, 10, 5), pulls(BESIDE, 15, 35, 5), pulls(ELSEWHERE, 16, 36, 5)),
      'contested',
      OWNER,
      10,
    ],
    [
      'goes at once to the address whose frames are genuine',
      [
        [0, 'pull', ELSEWHERE],
        [1, 'pull', OWNER],
        [2, 'genuine', OWNER],
        [3, 'pull', OWNER],
      ],
      'owned',
      OWNER,
      1,
    ],
    [
      'does not leave an owner whose own frames are genuine',
      [
        [0, 'pull', OWNER],
        [1, 'genuine', OWNER],
        [2, 'genuine', ELSEWHERE],
        [3, 'pull', ELSEWHERE],
      ],
      'contested',
      OWNER,
      1,
    ],
    [
      'comes back at once to an owner who was cut off for a while',
      inOrder(
        pulls(OWNER, 0, 10, 5),
        pulls(BESIDE, 11, 60, 0.5),
        [[60.1, 'pull', OWNER]],
        pulls(BESIDE, 60.2, 70, 0.5),
      ),
      'contested',
      OWNER,
      // Until the owner had been silent for 15 seconds, and after it came back.
      29 + 20,
    ],
    [
      'but not to whoever was displaced by an owner who came back',
      inOrder(pulls(OWNER, 0, 10, 5), pulls(ELSEWHERE, 11, 60, 1), pulls(OWNER, 61, 71, 5), [[72, 'pull', ELSEWHERE]]),
      'contested',
      OWNER,
      31,
    ],
    [
      'nor to another address than the one whose frames are genuine',
      inOrder(pulls(ELSEWHERE, 0, 10, 5), [
        [50, 'pull', OWNER],
        [51, 'genuine', OWNER],
        [52, 'pull', ELSEWHERE],
      ]),
      'contested',
      OWNER,
      1,
    ],
    [
      'and not after ten minutes',
      inOrder(pulls(OWNER, 0, 10, 5), pulls(BESIDE, 11, 700, 1), [[700.5, 'pull', OWNER]]),
      'contested',
      BESIDE,
      16,
    ],
  ])('%s', (_what, steps, kind, owner, conflicts) => {
    const path = pathAfter(steps);
    expect(path.kind).toBe(kind);
    expect(ownerOf(path)).toEqual(owner);
    expect(path.conflict?.count ?? 0).toBe(conflicts);
  });

  it('remembers who tried last, also after a change', () => {
    const path = pathAfter([
      [0, 'pull', OWNER],
      [1, 'pull', ELSEWHERE],
      [2, 'pull', THIRD],
      [100, 'pull', BESIDE],
    ]);
    expect(ownerOf(path)).toEqual(BESIDE);
    expect(path.conflict).toEqual({ count: 2, peer: THIRD, at: at(2) });
  });

  it('leads nowhere 90 seconds after the owner was last heard', () => {
    const path = pathAfter([
      [0, 'pull', OWNER],
      [50, 'ack', OWNER],
    ]);
    expect(reachableOwner(path, at(140))?.peer).toEqual(OWNER);
    expect(reachableOwner(path, at(140.001))).toBeUndefined();
  });

  it('makes doubtful what comes from another address, not from another port', () => {
    const path = pathAfter([[0, 'pull', OWNER]]);
    expect(isDoubtful(path, BESIDE, at(1))).toBe(false);
    expect(isDoubtful(path, ELSEWHERE, at(1))).toBe(true);
    expect(isDoubtful(path, ELSEWHERE, at(91))).toBe(false);
    expect(isDoubtful(NO_PATH, ELSEWHERE, at(1))).toBe(false);
  });

  it('is plain data', () => {
    const path = pathAfter([
      [0, 'pull', OWNER],
      [1, 'pull', ELSEWHERE],
      [2, 'genuine', OWNER],
    ]);
    const stored = JSON.parse(JSON.stringify(path)) as DownlinkPath;
    const pull = { kind: 'pull', from: OWNER, version: 2 } as const;
    expect(pathStep(stored, pull, at(9))).toEqual(pathStep(path, pull, at(9)));
  });
});
