// The calls of the kernel on one mount, carried out on the disk. Once its power is gone each of them fails, for good.
package main

import (
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Nobody but the kernel changes anything: it may remember what it was told.
const remembered = time.Hour

type calls struct {
	fuse.RawFileSystem
	*disk
	// Of folders that are being read: their names at the time they were opened.
	listings   map[uint64][]fuse.DirEntry
	lastFh     uint64
	isOff      bool
	isReadOnly bool
}

func newCalls(d *disk) *calls {
	return &calls{RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d, listings: map[uint64][]fuse.DirEntry{}}
}

func (c *calls) String() string { return "power-cut" }

func (c *calls) cut() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.isOff = true
}

func (c *calls) setReadOnly(isReadOnly bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.isReadOnly = isReadOnly
}

// Runs `call` alone, with the inode that the kernel names.
func (c *calls) with(number uint64, call func(n *inode) fuse.Status) fuse.Status {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.isOff {
		return fuse.EIO
	}
	n := c.inodes[number]
	if n == nil {
		return fuse.ENOENT
	}
	return call(n)
}

// The same for what changes something.
func (c *calls) changing(number uint64, call func(n *inode) fuse.Status) fuse.Status {
	return c.with(number, func(n *inode) fuse.Status {
		if c.isReadOnly {
			return fuse.EROFS
		}
		return call(n)
	})
}

func failed(err error) fuse.Status {
	var number syscall.Errno
	if errors.As(err, &number) {
		return fuse.Status(number)
	}
	if err != nil {
		return fuse.EIO
	}
	return fuse.OK
}

func (n *inode) attributes() fuse.Attr {
	attr := n.attr
	attr.Ino, attr.Blksize, attr.Nlink = n.number, pageBytes, uint32(n.links)
	if n.isFolder() {
		attr.Nlink = 2
	} else if attr.Size = uint64(n.size); n.target != "" {
		attr.Size = uint64(len(n.target))
	}
	attr.Blocks = (attr.Size + 511) / 512
	return attr
}

func (n *inode) touch() {
	now := time.Now()
	n.attr.SetTimes(nil, &now, &now)
}

func (n *inode) tell(out *fuse.EntryOut) {
	out.NodeId, out.Generation, out.Attr = n.number, 1, n.attributes()
	out.SetEntryTimeout(remembered)
	out.SetAttrTimeout(remembered)
}

func (c *calls) Lookup(_ <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	return c.with(header.NodeId, func(n *inode) fuse.Status {
		found := c.inodes[n.names[name]]
		if found == nil {
			return fuse.ENOENT
		}
		found.tell(out)
		return fuse.OK
	})
}

func (c *calls) Forget(_, _ uint64) {}

func (c *calls) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return c.with(in.NodeId, func(n *inode) fuse.Status {
		out.Attr = n.attributes()
		out.SetTimeout(remembered)
		return fuse.OK
	})
}

func (c *calls) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	return c.changing(in.NodeId, func(n *inode) fuse.Status {
		if size, isSet := in.GetSize(); isSet {
			if err := n.truncate(int64(size)); err != nil {
				return failed(err)
			}
			n.touch()
		}
		n.setAttributes(in)
		out.Attr = n.attributes()
		out.SetTimeout(remembered)
		return fuse.OK
	})
}

func (n *inode) setAttributes(in *fuse.SetAttrIn) {
	if mode, isSet := in.GetMode(); isSet {
		n.attr.Mode = n.attr.Mode&syscall.S_IFMT | mode
	}
	if uid, isSet := in.GetUID(); isSet {
		n.attr.Uid = uid
	}
	if gid, isSet := in.GetGID(); isSet {
		n.attr.Gid = gid
	}
	if at, isSet := in.GetATime(); isSet {
		n.attr.SetTimes(&at, nil, nil)
	}
	if at, isSet := in.GetMTime(); isSet {
		n.attr.SetTimes(nil, &at, nil)
	}
}

// A new inode under a name that nobody has.
func (c *calls) make(header *fuse.InHeader, name string, made inode, out *fuse.EntryOut) fuse.Status {
	return c.changing(header.NodeId, func(n *inode) fuse.Status {
		if n.names[name] != 0 {
			return fuse.Status(syscall.EEXIST)
		}
		made.attr.Owner = header.Owner
		child := c.add(made)
		child.touch()
		n.touch()
		c.apply(change{{n.number, name, child.number}})
		child.tell(out)
		return fuse.OK
	})
}

func (c *calls) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	return c.make(&in.InHeader, name, inode{attr: fuse.Attr{Mode: in.Mode, Rdev: in.Rdev}}, out)
}

func (c *calls) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	folder := inode{attr: fuse.Attr{Mode: fuse.S_IFDIR | in.Mode}, names: map[string]uint64{}}
	return c.make(&in.InHeader, name, folder, out)
}

func (c *calls) Symlink(_ <-chan struct{}, header *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return c.make(header, name, inode{attr: fuse.Attr{Mode: syscall.S_IFLNK | 0o777}, target: target}, out)
}

func (c *calls) Readlink(_ <-chan struct{}, header *fuse.InHeader) (target []byte, status fuse.Status) {
	status = c.with(header.NodeId, func(n *inode) fuse.Status {
		target = []byte(n.target)
		return fuse.OK
	})
	return target, status
}

func (c *calls) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	return c.changing(in.NodeId, func(n *inode) fuse.Status {
		old := c.inodes[in.Oldnodeid]
		if old == nil {
			return fuse.ENOENT
		}
		if n.names[name] != 0 {
			return fuse.Status(syscall.EEXIST)
		}
		c.apply(change{{n.number, name, old.number}})
		old.tell(out)
		return fuse.OK
	})
}

func (c *calls) Unlink(_ <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return c.changing(header.NodeId, func(n *inode) fuse.Status {
		if n.names[name] == 0 {
			return fuse.ENOENT
		}
		n.touch()
		c.apply(change{{n.number, name, 0}})
		return fuse.OK
	})
}

func (c *calls) Rmdir(cancel <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	isEmpty := func(n *inode) fuse.Status {
		if child := c.inodes[n.names[name]]; child != nil && len(child.names) > 0 {
			return fuse.Status(syscall.ENOTEMPTY)
		}
		return fuse.OK
	}
	if status := c.with(header.NodeId, isEmpty); status != fuse.OK {
		return status
	}
	return c.Unlink(cancel, header, name)
}

func (c *calls) Rename(_ <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	return c.changing(in.NodeId, func(n *inode) fuse.Status {
		target := c.inodes[in.Newdir]
		moved := c.inodes[n.names[from]]
		if target == nil || moved == nil {
			return fuse.ENOENT
		}
		there := c.inodes[target.names[to]]
		switch {
		case in.Flags&^1 != 0: // All but RENAME_NOREPLACE.
			return fuse.EINVAL
		case there == moved:
			return fuse.OK
		case there != nil && in.Flags != 0:
			return fuse.Status(syscall.EEXIST)
		case there != nil && len(there.names) > 0:
			return fuse.Status(syscall.ENOTEMPTY)
		}
		n.touch()
		target.touch()
		c.apply(change{{n.number, from, 0}, {target.number, to, moved.number}})
		return fuse.OK
	})
}

func (c *calls) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	made := inode{attr: fuse.Attr{Mode: syscall.S_IFREG | in.Mode}}
	if status := c.make(&in.InHeader, name, made, &out.EntryOut); status != fuse.OK {
		return status
	}
	opened := &fuse.OpenIn{InHeader: fuse.InHeader{NodeId: out.NodeId}, Flags: in.Flags}
	return c.Open(cancel, opened, &out.OpenOut)
}

func (c *calls) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return c.with(in.NodeId, func(n *inode) fuse.Status {
		if c.isReadOnly && in.Flags&(syscall.O_ACCMODE|syscall.O_TRUNC) != 0 {
			return fuse.EROFS
		}
		if in.Flags&syscall.O_TRUNC != 0 {
			if err := n.truncate(0); err != nil {
				return failed(err)
			}
		}
		_, err := n.open()
		n.opens++
		out.OpenFlags = fuse.FOPEN_KEEP_CACHE
		return failed(err)
	})
}

func (c *calls) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	c.with(in.NodeId, func(n *inode) fuse.Status {
		if n.opens--; n.opens == 0 {
			n.close()
			c.collect(n)
		}
		return fuse.OK
	})
}

func (c *calls) Read(_ <-chan struct{}, in *fuse.ReadIn, buffer []byte) (result fuse.ReadResult, status fuse.Status) {
	status = c.with(in.NodeId, func(n *inode) fuse.Status {
		file, err := n.open()
		if err != nil {
			return failed(err)
		}
		length, _ := file.ReadAt(buffer, int64(in.Offset))
		result = fuse.ReadResultData(buffer[:length])
		return fuse.OK
	})
	return result, status
}

func (c *calls) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	status := c.changing(in.NodeId, func(n *inode) fuse.Status {
		if err := n.write(data, int64(in.Offset)); err != nil {
			return failed(err)
		}
		n.touch()
		if in.Flags&syscall.O_DSYNC != 0 {
			c.sync(n)
		}
		return fuse.OK
	})
	return uint32(len(data)), status
}

func (c *calls) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	if in.Mode != 0 {
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	return c.changing(in.NodeId, func(n *inode) fuse.Status {
		return failed(n.truncate(max(n.size, int64(in.Offset+in.Length))))
	})
}

func (c *calls) Flush(_ <-chan struct{}, _ *fuse.FlushIn) fuse.Status { return fuse.OK }

func (c *calls) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return c.with(in.NodeId, func(n *inode) fuse.Status {
		c.sync(n)
		return fuse.OK
	})
}

func (c *calls) FsyncDir(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return c.Fsync(cancel, in)
}

func (c *calls) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return c.with(in.NodeId, func(n *inode) fuse.Status {
		listing := []fuse.DirEntry{
			{Name: ".", Ino: n.number, Mode: fuse.S_IFDIR},
			{Name: "..", Ino: n.parent, Mode: fuse.S_IFDIR},
		}
		for name, number := range n.names {
			listing = append(listing, fuse.DirEntry{Name: name, Ino: number, Mode: c.inodes[number].attr.Mode})
		}
		slices.SortFunc(listing[2:], func(a, b fuse.DirEntry) int { return int(a.Ino) - int(b.Ino) })
		c.lastFh++
		c.listings[c.lastFh] = listing
		out.Fh = c.lastFh
		return fuse.OK
	})
}

func (c *calls) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return c.with(in.NodeId, func(*inode) fuse.Status {
		listing := c.listings[in.Fh]
		for at := in.Offset; at < uint64(len(listing)); at++ {
			entry := listing[at]
			if entry.Off = at + 1; !out.AddDirEntry(entry) {
				break
			}
		}
		return fuse.OK
	})
}

func (c *calls) ReleaseDir(in *fuse.ReleaseIn) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.listings, in.Fh)
}

func (c *calls) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	var below syscall.Statfs_t
	if err := syscall.Statfs(c.folder, &below); err != nil {
		return failed(err)
	}
	out.FromStatfsT(&below)
	return fuse.OK
}
