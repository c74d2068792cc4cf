package planfile

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// A StateID says which state something was made from. Terraform compares the
// same two to tell that a saved plan is stale.
type StateID struct {
	Lineage string `json:"lineage"`
	Serial  int64  `json:"serial"`
}

// SavedState returns the state that a saved plan was made from. It lies in the
// plan file, so it is exact even if the state moved meanwhile.
func SavedState(planFile string) (StateID, error) {
	z, err := zip.OpenReader(planFile)
	if err != nil {
		return StateID{}, fmt.Errorf("open the saved plan: %w", err)
	}
	defer z.Close()
	in, err := z.Open("tfstate")
	if err != nil {
		return StateID{}, fmt.Errorf("open the state in the saved plan: %w", err)
	}
	defer in.Close()
	var id StateID
	if err := json.NewDecoder(in).Decode(&id); err != nil {
		return StateID{}, fmt.Errorf("read the state in the saved plan: %w", err)
	}
	return id, nil
}

// Digest returns the SHA-256 of a file in hexadecimal.
func Digest(file string) (string, error) {
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
