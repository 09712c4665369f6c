// The memory adapter keeps the contract.
import { openMemoryBlobStore } from './memory-store.ts';
import { describeBlobStore } from './testing/contract.ts';

describeBlobStore('memory', async () => openMemoryBlobStore());
