// A disk in memory of what is durable and what is not: files by number, folders, and the names that no fsync has covered yet.
package main

import (
	"maps"
	"math/rand"
	"os"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"
)

const root = fuse.FUSE_ROOT_ID

type inode struct {
	number uint64
	// Mode, owner and times: durable at once, since no promise hangs on them.
	attr   fuse.Attr
	target string
	contents
	parent uint64
	// Of a folder, as programs see them and as they would be after a power cut; of how many such names this is the bearer.
	names, keptNames map[string]uint64
	links, keptLinks int
	opens            int
}

func (n *inode) isFolder() bool { return n.names != nil }

// One name in one folder, and whose it is from now on; 0: nobody's.
type naming struct {
	folder uint64
	name   string
	number uint64
}

// What one call does to names. It comes to the disk whole or not at all.
type change []naming

type disk struct {
	mutex  sync.Mutex
	folder string
	// As ext4 and XFS do it: an fsync of anything brings every name that was given before it to the disk.
	journaled bool
	inodes    map[uint64]*inode
	last      uint64
	pending   []change
}

func newDisk(folder string, journaled bool) *disk {
	d := &disk{folder: folder, journaled: journaled, inodes: map[uint64]*inode{}, last: root - 1}
	d.add(inode{attr: fuse.Attr{Mode: fuse.S_IFDIR | 0o755}, names: map[string]uint64{}, parent: root})
	return d
}

func (d *disk) add(n inode) *inode {
	d.last++
	n.number = d.last
	if n.isFolder() {
		n.keptNames = map[string]uint64{}
	}
	n.contents = newContents(d.folder, n.number)
	d.inodes[n.number] = &n
	return &n
}

func (d *disk) apply(made change) {
	for _, step := range made {
		names := d.inodes[step.folder].names
		if before := d.inodes[names[step.name]]; before != nil {
			before.links--
			defer d.collect(before)
		}
		delete(names, step.name)
		if n := d.inodes[step.number]; n != nil {
			names[step.name] = step.number
			n.links++
			n.parent = step.folder
		}
	}
	d.pending = append(d.pending, made)
}

// Nobody can come to it any more, now or after a power cut.
func (d *disk) collect(n *inode) {
	if n.links == 0 && n.keptLinks == 0 && n.opens == 0 {
		d.remove(n)
	}
}

func (d *disk) remove(n *inode) {
	n.close()
	_ = os.Remove(n.path)
	delete(d.inodes, n.number)
}

func (d *disk) sync(n *inode) {
	if !n.isFolder() {
		n.sync()
	}
	if d.journaled {
		d.publish(len(d.pending))
	} else if n.isFolder() {
		d.publishNamesOf(n.number)
	}
}

// The first so many of what is pending.
func (d *disk) publish(count int) {
	for _, made := range d.pending[:count] {
		d.settle(made)
	}
	d.pending = d.pending[count:]
}

// Those of one folder, and of others what came before them on the same names.
func (d *disk) publishNamesOf(folder uint64) {
	type place struct {
		folder uint64
		name   string
	}
	wanted := map[place]bool{}
	isDue := make([]bool, len(d.pending))
	for at := len(d.pending) - 1; at >= 0; at-- {
		for _, step := range d.pending[at] {
			isDue[at] = isDue[at] || step.folder == folder || wanted[place{step.folder, step.name}]
		}
		for _, step := range d.pending[at] {
			wanted[place{step.folder, step.name}] = wanted[place{step.folder, step.name}] || isDue[at]
		}
	}
	var rest []change
	for at, made := range d.pending {
		if isDue[at] {
			d.settle(made)
		} else {
			rest = append(rest, made)
		}
	}
	d.pending = rest
}

func (d *disk) settle(made change) {
	for _, step := range made {
		folder := d.inodes[step.folder]
		if folder == nil {
			continue
		}
		before := d.inodes[folder.keptNames[step.name]]
		delete(folder.keptNames, step.name)
		if n := d.inodes[step.number]; n != nil {
			folder.keptNames[step.name] = step.number
			n.keptLinks++
		}
		if before != nil {
			before.keptLinks--
			d.collect(before)
		}
	}
}

// The power is gone: what no fsync has covered is lost, or, with `dice`, is there in part.
func (d *disk) lose(dice *rand.Rand) error {
	if dice != nil {
		d.publish(dice.Intn(len(d.pending) + 1))
	}
	d.pending = nil
	for _, n := range d.inodes {
		n.links, n.opens = 0, 0
		n.names = maps.Clone(n.keptNames)
	}
	reached := map[uint64]bool{}
	d.reach(d.inodes[root], reached)
	for number, n := range d.inodes {
		if !reached[number] {
			d.remove(n)
		} else if n.isFile() {
			n.close()
			if err := n.lose(dice); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *inode) isFile() bool { return n.attr.Mode&fuse.S_IFREG == fuse.S_IFREG }

func (d *disk) reach(n *inode, reached map[uint64]bool) {
	n.links++
	reached[n.number] = true
	for _, number := range n.names {
		child := d.inodes[number]
		child.parent = n.number
		if reached[number] {
			child.links++
		} else {
			d.reach(child, reached)
		}
	}
}
