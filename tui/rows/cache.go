package rows

import "strings"

// cacheBlocks is how many drawn blocks are kept; many screens full.
const cacheBlocks = 2048

// A Cache keeps the lines of blocks as they were drawn last. The zero Cache is
// empty and usable.
type Cache struct{ drawn map[int][]string }

// Lines returns the lines of a block, made by draw unless they are kept.
func (c *Cache) Lines(block int, draw func(block int) []string) []string {
	if lines, ok := c.drawn[block]; ok {
		return lines
	}
	if c.drawn == nil || len(c.drawn) >= cacheBlocks {
		c.drawn = make(map[int][]string, 128)
	}
	lines := draw(block)
	c.drawn[block] = lines
	return lines
}

// Drop forgets a block.
func (c *Cache) Drop(block int) { delete(c.drawn, block) }

// Clear forgets everything.
func (c *Cache) Clear() { clear(c.drawn) }

// Draw returns the lines in the stack's window, exactly as many as it is high.
// Lines after the end are blank. The lines that draw makes are all of one
// width; blank is a line of that width.
func Draw(s *Stack, c *Cache, blank string, draw func(block int) []string) []string {
	out := make([]string, 0, s.Height())
	block, sub := s.At(s.Top())
	for len(out) < s.Height() && block < s.Blocks() {
		lines := c.Lines(block, draw)
		for ; sub < len(lines) && len(out) < s.Height(); sub++ {
			out = append(out, lines[sub])
		}
		block, sub = block+1, 0
	}
	for len(out) < s.Height() {
		out = append(out, blank)
	}
	return out
}

// Blank returns a line of spaces.
func Blank(width int) string { return strings.Repeat(" ", max(width, 0)) }
