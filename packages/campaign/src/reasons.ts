/** Why a device did not succeed: a stable code, what it means, and what to do about it. */
export const REASONS = {
  'unknown-device': {
    text: 'The device is not provisioned on this server',
    advice: 'Add it to the whitelist with its keys',
  },
  'never-joined': {
    text: 'The device has not joined the network',
    advice: 'Check its keys and its radio coverage, then wait for it to join',
  },
  'no-answer': {
    text: 'The device did not answer the session setup in time',
    advice: 'Allow a longer launch time: a device of class A can only be reached after its own uplinks',
  },
  'clock-not-set': {
    text: 'The clock of the device could not be set in time',
    advice: 'Allow a longer launch time, and check that the device asks for the time',
  },
  'group-refused': {
    text: 'The device refused the multicast group',
    advice: 'Choose another multicast group; some devices hold fewer than four',
  },
  'fragmentation-refused': {
    text: 'The device refused the fragmentation session',
    advice: 'The image may be too large for the device, or another session may be under way on it',
  },
  'session-cnt-exhausted': {
    text: 'The counter of fragmentation sessions that the device checks has come to its end',
    advice: 'Provision the device anew with another GenAppKey and reset its counter',
  },
  'session-refused': {
    text: 'The device refused the class C session',
    advice: 'Check that frequency and data rate fit the region of the device',
  },
  'integrity-mismatch': {
    text: 'The device received an image whose check value is wrong',
    advice: 'Run the update again; if it stays, check the device profile (parity rule, integrity check)',
  },
  'not-complete': {
    text: 'The device did not report a complete image before the session ended',
    advice: 'Check its radio coverage and allow more parity fragments',
  },
  'memory-exhausted': {
    text: 'The device has too little memory for the losses it had',
    advice: 'Improve its radio coverage, or send at a lower data rate',
  },
  restarted: {
    text: 'The device joined anew during the session and lost what it had received',
    advice: 'Run the update again for this device',
  },
  'not-verified': {
    text: 'The device never confirmed the check value of the image',
    advice: 'Ask the device for its firmware version, and run the update again if it is the old one',
  },
  'profile-mismatch': {
    text: 'The profile of the device was changed while the job was under way',
    advice: 'Run the update again for this device',
  },
  'profile-not-served': {
    text: 'The device has no packages that can take part in a session of class C',
    advice: 'Check the device profile',
  },
  'fragments-too-many': {
    text: 'The file needs more fragments than can be numbered, in the packets that the device takes',
    advice: 'Allow larger packets, or send at a higher data rate',
  },
  'data-rate-unusable': {
    text: 'The data rate of the session carries no fragment that the device takes',
    advice: 'Set another multicastDataRate in the configuration',
  },
  silent: {
    text: 'The device took part in the session, and nothing was heard of it since',
    advice: 'Ask the device for its firmware version when it is heard again',
  },
  'not-acknowledged': {
    text: 'The check value of the device was right, and no answer to it could be sent',
    advice: 'Ask the device for its firmware version: without an answer it may have deleted the image',
  },
  'not-confirmed': {
    text: 'The last answer of the device does not tell whether its image is complete',
    advice: 'Ask the device for its firmware version; choose its device profile if none is set',
  },
  'beyond-limit': {
    text: 'The device still missed fragments after as many as the session can number or the job may send',
    advice: 'Improve its radio coverage, or send at a lower data rate',
  },
  'too-many-sessions': {
    text: 'The device was not complete after the last session that a job may open',
    advice: 'Check its radio coverage, then run the update again for this device',
  },
  'not-begun': {
    text: 'The job ended before the turn of the device came',
    advice: 'Run the update again for this device',
  },
  aborted: {
    text: 'The job was aborted',
    advice: 'Run the update again for this device',
  },
  halted: {
    text: 'The job was halted, since too few devices of an earlier wave succeeded',
    advice: 'Look at the reasons of that wave before the update is run again',
  },
  'image-missing': {
    text: 'The file of the job is no longer in the storage of the server',
    advice: 'Upload the file and schedule the job again',
  },
  'no-multicast-address': {
    text: 'The server has no multicast address left for the session',
    advice: 'Set another mcAddrPrefix in the configuration and schedule the job again',
  },
  'record-damaged': {
    text: 'What the server had stored about the device in this job was damaged on its disk',
    advice: 'Run airlift doctor, then run the update again for this device',
  },
  'not-sent': {
    text: 'No gateway could send the frames of the session',
    advice: 'Check that a gateway is connected and its transmit frequencies fit the region',
  },
} as const;

export type ReasonCode = keyof typeof REASONS;
