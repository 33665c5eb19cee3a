export { type LegacyKvmGateway, type LegacyKvmOptions, startLegacyKvm } from "./legacy-kvm/gateway.ts";
