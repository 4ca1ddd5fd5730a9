package borders

import (
	"bytes"
	"path"
	"regexp"
	"slices"
)

// foreign is what must stand in no file: what exists on one machine only, and
// what nobody else may see.
var foreign = []struct {
	pattern *regexp.Regexp
	what    string
}{
	{regexp.MustCompile("(?:^|[\\s\"'`=(:,])/(?:root|home/\\w+|Users/\\w+|work|mnt|workspaces?)/"), "a path of one machine"},
	{regexp.MustCompile(`(?i)\b[A-Z]:\\\\?Users\\`), "a path of one machine"},
	{regexp.MustCompile(`\bdocker\.sock\b|\bhost\.docker\.internal\b`), "the Docker of one machine"},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`), "a private key"},
	{regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`), "a cloud credential"},
	{regexp.MustCompile(`\b(?:gh[pousr]_\w{36}|github_pat_\w{60})`), "a GitHub token"},
	{regexp.MustCompile(`\bsk-(?:proj-)?[A-Za-z0-9_-]{32}`), "a key of the model"},
	{regexp.MustCompile(`\bAVNS_[A-Za-z0-9_-]{19}\b`), "a password of Aiven"},
}

// everywhere are paths that look like one machine's and are a convention.
var everywhere = []byte("/home/linuxbrew/")

// bulk are files whose lines nobody writes.
var bulk = []string{"go.sum", "LICENSE"}

// Machine finds what ties the tree to one machine or gives a secret away.
func Machine(root string) ([]Finding, error) {
	var findings []Finding
	err := walk(root, func(name string, text []byte) error {
		if slices.Contains(bulk, path.Base(name)) || bytes.ContainsRune(text[:min(len(text), 512)], 0) {
			return nil
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			for _, f := range foreign {
				if f.pattern.Match(line) && !bytes.Contains(line, everywhere) {
					findings = append(findings, Finding{File: name, Line: i + 1, What: "holds " + f.what})
				}
			}
		}
		return nil
	})
	return findings, err
}
