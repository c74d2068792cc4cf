package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

const tornPrefix = "torn-"

// setAside copies an incomplete last line to a file of its own, and cuts it off
// only when the copy is on the disk. A writer that dies in between leaves both;
// the next one does it again under the same name.
func (j *Journal) setAside(t *TornError) error {
	tail := make([]byte, t.Bytes)
	if _, err := io.ReadFull(io.NewSectionReader(j.file, j.size, t.Bytes), tail); err != nil {
		return err
	}
	sum := sha256.Sum256(tail)
	name := fmt.Sprintf("%s%d-%s.bin", tornPrefix, j.chain.seq+1, hex.EncodeToString(sum[:6]))
	if err := writeFile(j.disk, filepath.Join(j.dir, name), tail); err != nil {
		return err
	}
	if err := j.syncDir(j.dir); err != nil {
		return err
	}
	if err := j.file.truncate(j.size); err != nil {
		return err
	}
	return j.sync()
}

// recordTorn writes a record for every torn file that no record mentions. It
// looks at the folder and not at what this writer did, because an earlier one may have
// died after it cut the line off.
func (j *Journal) recordTorn(mentioned map[string]bool) error {
	names, err := j.disk.names(j.dir)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if !strings.HasPrefix(name, tornPrefix) || mentioned[name] {
			continue
		}
		data, err := j.disk.readFile(filepath.Join(j.dir, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		body := RecoveredBody{File: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
		if _, err := j.append(Draft{Kind: KindRecovered, Actor: j.opts.Actor, Body: body}); err != nil {
			return err
		}
		j.recovered = &body
	}
	return nil
}

// noteTorn remembers the torn file that a record mentions.
func noteTorn(mentioned map[string]bool, r Record) {
	if r.Kind != KindRecovered {
		return
	}
	var b RecoveredBody
	if json.Unmarshal(r.Body, &b) == nil {
		mentioned[b.File] = true
	}
}
