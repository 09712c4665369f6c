// The blob store: the port and the ways to open one.
export { makeFolder, syncFolder } from './file/durable.ts';
export { type FileBlobStoreOptions, openFileBlobStore } from './file/store.ts';
export { type HttpBlobStoreOptions, openHttpBlobStore } from './http/store.ts';
export { openMemoryBlobStore } from './memory-store.ts';
export {
  type AdoptOptions,
  type BlobStore,
  type ByteRange,
  isLocal,
  type LocalBlobs,
  type PutOptions,
  type RemovableBlobs,
  type StoredBlob,
} from './port.ts';
