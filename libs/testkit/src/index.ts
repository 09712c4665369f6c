// Real servers, ports and folders for tests.
export { removeControlGroups } from './control-groups.ts';
export { type Dockerd, startDockerd } from './dockerd.ts';
export {
  DISTRIBUTED_PARTS,
  distributedPlatform,
  type DistributedPart,
  type DistributedPlatform,
  type DistributedPlatformOptions,
} from './distributed-platform.ts';
export { type FolderProcess, killNow, killProcessesOf, processesOf } from './folder-processes.ts';
export { embeddedPlatform, type EmbeddedPlatform, type EmbeddedPlatformOptions, RELEASE } from './embedded-platform.ts';
export { freePort } from './free-port.ts';
export type { AppendFault, KurrentDbServer } from './kurrentdb/server.ts';
export { startKurrentDbServer } from './kurrentdb/start.ts';
export { startMongoServer, type MongoServer } from './mongo-server.ts';
export { natsServerBinary } from './nats-binary.ts';
export { startNatsServer, type NatsServer, type NatsServerOptions } from './nats-server.ts';
export { powerCutDisk, type PowerCutDisk, type PowerCutDiskOptions } from './power-cut-disk.ts';
export { shiftedClock, type ShiftedClock } from './shifted-clock.ts';
export { goToolchains } from './tools.ts';
export { tcpProxy, type TcpProxy, type Way } from './tcp-proxy.ts';
export { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
export {
  mlpModel,
  onnxModel,
  type OnnxConstant,
  type OnnxGraph,
  type OnnxNode,
  type OnnxType,
  type OnnxValue,
  scaleModel,
} from './onnx-builder.ts';
