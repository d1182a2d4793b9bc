import { type Clock, type Eui64, type GpsMs, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import {
  adrDataRates,
  buildJoinRequest,
  type CfList,
  type DataFrame,
  type DownlinkModulation,
  decodeCfList,
  decodeMacCommands,
  DEFAULT_RX1_DELAY_S,
  deriveSessionKeys10,
  downlinkModulation,
  type EncryptedJoinAccept,
  formatDatr,
  frameTimeOnAirMs,
  JOIN_RX1_DELAY_S,
  openDataFrame,
  openJoinAccept,
  type RadioSetting,
  type Region,
  reconstructFCnt,
  rx1DataRate,
  rx1FrequencyHz,
  uplinkModulation,
} from '@airlift/lorawan';
import type { MacBehaviour } from '../behaviour/device-behaviour.ts';
import type { AirFrame, Signal, Tuning } from '../radio/air-frame.ts';
import type { DeviceAntenna, Radio } from '../radio/radio.ts';
import { backOff } from './adr-backoff.ts';
import { AirtimeBudget } from './airtime-budget.ts';
import { type ChannelChoice, ChannelPlan } from './channel-plan.ts';
import { composeUplink } from './compose-uplink.ts';
import type { DeviceSession } from './device-session.ts';
import type { FrameCache } from './frame-cache.ts';
import { executeMacCommands } from './mac-commands.ts';
import { ReceiverSchedule, type ReceiveWindow, WINDOW_TOLERANCE_MS } from './receive-windows.ts';
import type { UnicastDownlink, Uplink } from './uplink.ts';
