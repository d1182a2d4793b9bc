export { type Api, type ApiOptions, buildApi } from './build-api.ts';
export { type ApiConfig, apiConfig, DEFAULT_API_CONFIG } from './config.ts';
export { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './connection-limits.ts';
export type { ListenOptions, TlsMaterial } from './listeners.ts';
export type { ApiLog, ApiLogEntry } from './log.ts';
export { DEFAULT_SCRYPT_COST, hashPassword, type ScryptCost, verifyPassword } from './passwords.ts';
export type {
  AccountStore,
  ApiPorts,
  FleetView,
  JobDesk,
  LoginFailures,
  LoginSession,
  LoginSource,
  OpenSession,
  StoredFile,
  UploadKind,
  UploadStore,
  User,
  Whitelist,
} from './ports.ts';
export { commissionAdmin, saveUser } from './provisioning.ts';
