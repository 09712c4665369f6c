// A file system that loses what was not brought to the disk with fsync when its power is cut, and that can become read-only.
//
//	power-cut FOLDER [journaled]
//
// FOLDER, on an ordinary disk, takes the contents. The first line of standard input is the mount point; it is mounted when it says
// "on". Then it is told, a line each:
//
//	off        from now on every call fails        -> off
//	on [SEED]  what was not durable is gone, or,   -> on
//	           with SEED, is there in part
//	read-only  from now on nothing can be changed, -> read-only
//	           by those who have opened it neither
//	writable   it can again                        -> writable
//
// It ends, unmounted, with its standard input. Without "journaled" a name is durable with an
// fsync of its folder, and not before: all that POSIX promises.
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	if err := serve(os.Args[1], len(os.Args) > 2); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(folder string, journaled bool) error {
	d := newDisk(folder, journaled)
	lines := bufio.NewScanner(os.Stdin)
	lines.Scan()
	mountpoint := lines.Text()
	mounted, err := mount(d, mountpoint)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Unmount(mountpoint, syscall.MNT_DETACH) }()
	for lines.Scan() {
		switch words := strings.Fields(lines.Text()); words[0] {
		case "on":
			mounted.cut()
			if mounted, err = again(d, mountpoint, words[1:]); err != nil {
				return err
			}
		case "off":
			mounted.cut()
			fmt.Println("off")
		default:
			mounted.setReadOnly(words[0] == "read-only")
			fmt.Println(words[0])
		}
	}
	return nil
}

// Mounts anew: the kernel forgets what it has kept of the time before.
func again(d *disk, mountpoint string, seed []string) (*calls, error) {
	if err := syscall.Unmount(mountpoint, syscall.MNT_DETACH); err != nil {
		return nil, err
	}
	var dice *rand.Rand
	if len(seed) > 0 {
		number, err := strconv.ParseInt(seed[0], 10, 64)
		if err != nil {
			return nil, err
		}
		dice = rand.New(rand.NewSource(number))
	}
	d.mutex.Lock()
	err := d.lose(dice)
	d.mutex.Unlock()
	if err != nil {
		return nil, err
	}
	return mount(d, mountpoint)
}

func mount(d *disk, mountpoint string) (*calls, error) {
	mounted := newCalls(d)
	server, err := fuse.NewServer(mounted, mountpoint, &fuse.MountOptions{
		AllowOther:         true,
		DirectMountStrict:  true,
		DisableXAttrs:      true,
		DisableReadDirPlus: true,
		FsName:             "power-cut",
		Name:               "power-cut",
		Options:            []string{"default_permissions"},
	})
	if err != nil {
		return nil, err
	}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		return nil, err
	}
	fmt.Println("on")
	return mounted, nil
}
