package keep

import (
	"fmt"
	"os"
	"path/filepath"
)

// Folder makes an empty folder for a job below the private folder of a run, or
// below the system's temporary one when the run has none. what begins its name.
func Folder(workDir, what string) (string, error) {
	base := ""
	if workDir != "" {
		var err error
		if base, err = filepath.Abs(filepath.Join(workDir, "kept")); err != nil {
			return "", err
		}
		if err := os.MkdirAll(base, 0o700); err != nil {
			return "", fmt.Errorf("make a folder for what is kept: %w", err)
		}
	}
	folder, err := os.MkdirTemp(base, what+"-")
	if err != nil {
		return "", fmt.Errorf("make a folder for what is kept: %w", err)
	}
	return filepath.Abs(folder)
}
