// What a file holds: its content on the disk below, and how the pages that were changed since the last fsync were before.
package main

import (
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

const pageBytes = 4096

type contents struct {
	path string
	// As programs see it, and as it was at the last fsync; both in bytes.
	size, keptSize int64
	// By page number; nil for a page that was not there.
	before map[int64][]byte
	file   *os.File
}

func newContents(folder string, number uint64) contents {
	return contents{path: filepath.Join(folder, strconv.FormatUint(number, 10)), before: map[int64][]byte{}}
}

func (c *contents) open() (*os.File, error) {
	if c.file != nil {
		return c.file, nil
	}
	file, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE, 0o600)
	c.file = file
	return file, err
}

func (c *contents) close() {
	if c.file != nil {
		_ = c.file.Close()
	}
	c.file = nil
}

func (c *contents) write(data []byte, offset int64) error {
	file, err := c.open()
	if err != nil {
		return err
	}
	end := offset + int64(len(data))
	if err := c.remember(min(offset, c.size), end); err != nil {
		return err
	}
	if _, err := file.WriteAt(data, offset); err != nil {
		return err
	}
	c.size = max(c.size, end)
	return nil
}

func (c *contents) truncate(size int64) error {
	file, err := c.open()
	if err != nil {
		return err
	}
	if err := c.remember(min(size, c.size), max(size, c.size)); err != nil {
		return err
	}
	c.size = size
	return file.Truncate(size)
}

// Keeps the pages of these bytes as they are, unless that was done since the last fsync.
func (c *contents) remember(from, to int64) error {
	for page := from / pageBytes; page*pageBytes < to; page++ {
		if _, known := c.before[page]; known {
			continue
		}
		var was []byte
		if length := min(pageBytes, c.keptSize-page*pageBytes); length > 0 {
			was = make([]byte, length)
			if _, err := c.file.ReadAt(was, page*pageBytes); err != nil {
				return err
			}
		}
		c.before[page] = was
	}
	return nil
}

func (c *contents) sync() {
	c.keptSize = c.size
	clear(c.before)
}

// Back to what the last fsync left; `dice` is nil, or says of each page whether the disk had got it by itself. What was appended
// comes to the disk from the front, as file systems see to it that nobody reads what was never written.
func (c *contents) lose(dice *rand.Rand) error {
	file, err := c.open()
	if err != nil {
		return err
	}
	defer c.close()
	pages := make([]int64, 0, len(c.before))
	for page := range c.before {
		pages = append(pages, page)
	}
	slices.Sort(pages)
	if err := file.Truncate(max(c.size, c.keptSize)); err != nil {
		return err
	}
	left, isWhole := c.keptSize, true
	for _, page := range pages {
		from, was := page*pageBytes, c.before[page]
		if from < c.size && isWhole && dice != nil && dice.Intn(2) == 0 {
			left = max(left, min(c.size, from+pageBytes))
			continue
		}
		if from+int64(len(was)) == c.keptSize || was == nil {
			isWhole = false
		}
		if _, err := file.WriteAt(was, from); err != nil {
			return err
		}
	}
	c.size, c.keptSize = left, left
	clear(c.before)
	return file.Truncate(left)
}
