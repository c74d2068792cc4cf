// Package runbook holds what the operator wrote down: the environments, the
// probes, the channels and the steps of a deployment, as one YAML document.
//
// The types in this package are the format. Their yaml tags are the keys, their
// doc tags describe them in the schema and in the generated documentation, and
// a key that is not here is refused. [Load] reads a document strictly and
// reports every problem it finds, not only the first.
package runbook

// Version is the value of the key "lockstep" that this package reads.
const Version = 1

// A Runbook is one document.
type Runbook struct {
	Version      int                     `yaml:"lockstep" doc:"Version of the format, 1." required:"true"`
	Title        string                  `yaml:"title" doc:"What this runbook does, in a few words." required:"true"`
	Description  string                  `yaml:"description" doc:"For a reader of the documentation: when to use this runbook and what to know first."`
	Environments map[string]*Environment `yaml:"environments" doc:"The environments that can be deployed with this runbook, by name." required:"true"`
	Probes       map[string]*Probe       `yaml:"probes" doc:"Measurements of live things, by name."`
	Channels     map[string]*Channel     `yaml:"channels" doc:"Where announcements go, by name."`
	Identities   map[string]*Identity    `yaml:"identities" doc:"How to find the live things, such as DNS names and listeners, that objects of a resource type hold, by type; for types that Lockstep does not know, or where it is mistaken."`
	Steps        []Step                  `yaml:"steps" doc:"What is done, in this order." required:"true"`

	// File is the path the runbook was read from and Digest the SHA-256 of its
	// bytes in hexadecimal. Both are empty when it did not come from a file.
	File   string `yaml:"-"`
	Digest string `yaml:"-"`

	warnings []Problem
}

// An Environment is one place that a commit can be deployed to.
type Environment struct {
	Name       string            `yaml:"-"`
	Repository string            `yaml:"repository" doc:"Folder of the git repository, relative to the runbook." default:"."`
	Branch     string            `yaml:"branch" doc:"Candidates come from the first-parent line of this branch." default:"main"`
	Pin        Pin               `yaml:"pin" doc:"The commit this environment is locked to." required:"true"`
	Paths      []string          `yaml:"paths" doc:"Folders and files, relative to the repository, that touch this environment. The local modules that terraform.directory reaches are added by themselves."`
	Inputs     []string          `yaml:"inputs" doc:"Folders and files that are read from the head of the branch and not from the chosen commit, such as the environment's own variables."`
	After      string            `yaml:"after" doc:"Another environment in which exactly the same commit must have been verified first."`
	Terraform  Terraform         `yaml:"terraform" doc:"How Terraform is run."`
	Probes     map[string]*Probe `yaml:"probes" doc:"Probes that are measured in this environment instead of the general ones of the same names."`

	Durations    map[string]Duration `yaml:"durations" doc:"How long actions take, by TYPE.action or ADDRESS.action, such as aws_lb.create; for what no earlier apply has measured. An action is create, update, delete, read or forget."`
	NegativeTTL  Duration            `yaml:"negative_ttl" doc:"How long resolvers remember that a name is missing, as the SOA record of the zone says. It prolongs an outage of a DNS name for users."`
	ManyDestroys int                 `yaml:"many_destroys" doc:"More objects destroyed by one plan than this are a hazard." default:"10" min:"1"`
}

// A Pin says where the deployed commit of an environment is written down.
// Exactly one of the two is set.
type Pin struct {
	File string `yaml:"file" kind:"true" doc:"A file on the branch that holds the commit and nothing else."`
	Ref  string `yaml:"ref" kind:"true" doc:"A git reference such as refs/heads/deployed/production."`
}

// Terraform says how Terraform is run for an environment.
type Terraform struct {
	Directory   string            `yaml:"directory" doc:"The root module, relative to the repository." default:"."`
	Binary      string            `yaml:"binary" doc:"Name or path of the program." default:"terraform"`
	Version     string            `yaml:"version" doc:"Versions that are accepted, such as >= 1.9, < 2.0."`
	Workspace   string            `yaml:"workspace" doc:"Terraform workspace; the default one when empty."`
	Vars        map[string]string `yaml:"vars" env:"true" doc:"Values of root variables; a value may be ${NAME}, taken from the environment. They are passed on, and never shown or recorded."`
	VarFiles    []string          `yaml:"var_files" doc:"Variable files, relative to terraform.directory."`
	Backend     map[string]string `yaml:"backend" doc:"Settings passed to init as -backend-config. They are never shown or recorded."`
	Environment []string          `yaml:"environment" doc:"Names of environment variables that Terraform may see; a * at the end matches any rest, as in AWS_*."`
	Parallelism int               `yaml:"parallelism" doc:"How many resources are worked on at once." default:"10" min:"1" max:"256"`
}
