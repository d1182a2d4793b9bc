export { type AirliftServer, type ServerOptions, startServer } from './airlift-server.ts';
export { type DemoInstance, type DemoSettings, startDemoInstance } from './demo-instance.ts';
export {
  DEFAULT_SETTINGS,
  readConfig,
  type ServerConfig,
  type ServerSettings,
  variableName,
} from './server-config.ts';
export { type FleetChanges, type SimulatedFleet, startSimulatedFleet } from './simulated-fleet.ts';
export type { SimulatedDevice, SimulationReport } from './simulation/simulation-report.ts';
export { type SimulationSettings, usualUplinkIntervalS } from './simulation/simulation-settings.ts';
export { type SimulationWatcher, simulate } from './simulation.ts';
export type { VirtualTime } from './virtual-time.ts';
