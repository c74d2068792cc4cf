package history

import "time"

// A chapter is one commit on the first-parent line of main.
type chapter struct {
	stage   string // folder of files under tree/ that it writes, or ""
	subject string
	body    string
	author  string
	age     time.Duration
	// merged makes it a merge commit: the same change was committed before, with
	// this subject, on a branch of its own.
	merged string
	// notes are sections that are added to files, by path.
	notes map[string]string
	pins  bool // locks both environments to the commit before it
}

const day = 24 * time.Hour

// story is what happened, oldest first. Only the chapters with a stage touch the
// modules and so have to be deployed.
var story = []chapter{
	{
		stage: "baseline", author: "ana", age: 63 * day,
		subject: "Import the infrastructure of crates.test",
		body:    "Modules for the certificate and the delivery network, and one root module\nan environment.",
	},
	{
		pins: true, author: "ben", age: 62 * day,
		subject: "Lock both environments to a commit",
		body:    "What is merged is no longer what is deployed. Each environment says in\ndeployed-ref which commit it is at.",
	},
	{
		author: "ana", age: 55 * day,
		subject: "Document how environments are locked",
		notes:   map[string]string{"docs/environments.md": "## Locks\n\nThe file `deployed-ref` of an environment holds the commit it is at. It\nchanges only when a deployment has ended well.\n"},
	},
	{
		author: "ben", age: 34 * day, merged: "Write down the rotation",
		subject: "Add the on-call rotation",
		notes:   map[string]string{"docs/on-call.md": "# On call\n\nThe rotation changes on Mondays at 09:00 UTC. Hand over in person.\n"},
	},
	{
		stage: "ttl", author: "ana", age: 9*day + 6*time.Hour,
		subject: "Reduce TTL of static records",
		body:    "The second CDN comes next week. With a minute instead of five we can\nreact faster when we shift traffic.",
	},
	{
		author: "ben", age: 9*day + 2*time.Hour,
		subject: "Describe the plan for a second CDN",
		notes:   map[string]string{"docs/cdn.md": "# A second CDN\n\nDownloads get a second delivery network. Weighted records share the\ntraffic between the two.\n"},
	},
	{
		stage: "redirects", author: "ben", age: 8*day + 5*time.Hour, merged: "Drop the redirect of /mirror",
		subject: "Remove redirects of the old mirror",
		body:    "Nobody has asked for /mirror in a year.",
	},
	{
		author: "carla", age: 8 * day,
		subject: "Link the status page",
		notes:   map[string]string{"docs/on-call.md": "## Status page\n\nSay what users see, then what you do, then when you write again.\n"},
	},
	{
		author: "carla", age: 7*day + 9*time.Hour, merged: "Collect the questions of new people",
		subject: "Answer common questions about DNS",
		notes:   map[string]string{"docs/dns.md": "# DNS\n\nA name that fails is remembered as missing for the negative TTL of its\nzone, which is a minute here.\n"},
	},
	{
		stage: "weighted", author: "ana", age: 7 * day,
		subject: "Weighted records for the second CDN",
		body:    "The record of the static domain becomes a weighted one, and the\ncertificate gets a name for the first network alone.\n\nDeployed and tested on staging in two steps.\n\nDeploy-Hazard: re-creates the certificate",
	},
	{
		author: "ben", age: 5 * day,
		subject: "Announce the second CDN",
		notes:   map[string]string{"docs/cdn.md": "## Dates\n\nStaging has it since last week. The date for production is on the blog.\n"},
	},
	{
		author: "carla", age: 4*day + 3*time.Hour, merged: "Sort the contacts",
		subject: "Bring the contacts up to date",
		notes:   map[string]string{"docs/on-call.md": "## Contacts\n\nInfrastructure: ana, ben. Registry: carla.\n"},
	},
	{
		stage: "comment", author: "ben", age: 26 * time.Hour,
		subject: "Say who owns the static distribution",
		body:    "So that the bill can be split by team.",
	},
	{
		author: "carla", age: 5 * time.Hour,
		subject: "Say what to hand over first",
		notes:   map[string]string{"docs/on-call.md": "## Hand-over\n\nOpen incidents first.\n"},
	},
}
