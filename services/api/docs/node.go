package docs

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// node is a place in the document. The zero value is an absent place: every
// question to it has an empty answer, so that optional parts need no checks.
type node struct {
	yaml *yaml.Node
	root *yaml.Node
}

// member is one entry of a mapping, in the order of the document.
type member struct {
	Key   string
	Value node
}

// at follows keys, and references on the way.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		n = n.child(key).resolve()
	}
	return n
}

// child is the value of one key as it is written, a reference left alone.
func (n node) child(key string) node {
	for _, m := range n.members() {
		if m.Key == key {
			return m.Value
		}
	}
	return node{root: n.root}
}

// resolve follows a reference within the document, "#/components/schemas/Task".
func (n node) resolve() node {
	ref := n.ref()
	if ref == "" {
		return n
	}
	target := node{yaml: n.root, root: n.root}
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		target = target.child(part)
	}
	return target.resolve()
}

// ref is the reference that n is, else empty.
func (n node) ref() string {
	if r := n.child("$ref"); r.exists() {
		return r.yaml.Value
	}
	return ""
}

// refName is the last part of the reference that n is: "Task".
func (n node) refName() string {
	ref := n.ref()
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

func (n node) exists() bool { return n.yaml != nil }

// text is a scalar's text.
func (n node) text(keys ...string) string {
	n = n.at(keys...)
	if n.yaml == nil || n.yaml.Kind != yaml.ScalarNode {
		return ""
	}
	return strings.TrimSpace(n.yaml.Value)
}

func (n node) members() []member {
	if n.yaml == nil || n.yaml.Kind != yaml.MappingNode {
		return nil
	}
	members := make([]member, 0, len(n.yaml.Content)/2)
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		members = append(members, member{n.yaml.Content[i].Value, node{n.yaml.Content[i+1], n.root}})
	}
	return members
}

func (n node) items() []node {
	if n.yaml == nil || n.yaml.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]node, 0, len(n.yaml.Content))
	for _, c := range n.yaml.Content {
		items = append(items, node{c, n.root})
	}
	return items
}

// words are the texts of a sequence; of a scalar, the one.
func (n node) words() []string {
	if t := n.text(); t != "" {
		return []string{t}
	}
	var words []string
	for _, item := range n.items() {
		words = append(words, item.text())
	}
	return words
}
