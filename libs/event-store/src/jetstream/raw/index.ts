// What a thread needs that reads a part of the log off the wire, and whoever takes it from there; no more, as a thread is to start at once.
export { contentsOf, type Parcel, unpacked } from './parcel.ts';
export { type RawSource, readParcels } from './raw-reading.ts';
