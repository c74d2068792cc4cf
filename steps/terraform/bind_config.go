package terraform

import (
	"os/user"
	"path/filepath"

	"lockstep/steps/terraform/cli"
)

// configFiles returns the configuration files that Terraform itself reads,
// whether they are there or not.
func configFiles(r *cli.Root) []string {
	home := r.Env["HOME"]
	if home == "" {
		if u, err := user.Current(); err == nil { // as Terraform does
			home = u.HomeDir
		}
	}
	own := filepath.Join(home, ".terraform.d")
	out := []string{filepath.Join(own, "credentials.tfrc.json")}
	if path := r.Env["TF_CLI_CONFIG_FILE"]; path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.Dir, path)
		}
		return append(out, path)
	}
	out = append(out, filepath.Join(home, ".terraformrc"))
	for _, pattern := range []string{"*.tfrc", "*.tfrc.json"} {
		// The pattern is right, so there is no error.
		more, _ := filepath.Glob(filepath.Join(escape(own), pattern))
		for _, path := range more {
			if path != out[0] {
				out = append(out, path)
			}
		}
	}
	return out
}

// takeConfig takes down Terraform's own configuration, which can hold tokens.
func (s *session) takeConfig(b *binding, p *saved) {
	for _, path := range configFiles(p.work.root) {
		b.set(ofConfig, path, s.secretFile(path))
	}
}
