package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The page's view of the document, in the document's order.
type (
	page struct {
		Title, Summary, Version string
		About                   template.HTML
		Groups                  []group
		Schemas                 []schema
	}
	group struct {
		ID, Name   string
		About      template.HTML
		Operations []operation
	}
	operation struct {
		ID, Method, Path, Summary string
		About                     template.HTML
		Public                    bool // needs no token
		Params                    []field
		Bodies                    []body
		Responses                 []response
	}
	// field is a parameter, a header or a property.
	field struct {
		Name, In string
		Required bool
		Type     template.HTML
		About    template.HTML
	}
	body struct {
		MediaType string
		Type      template.HTML
		Examples  []example
	}
	example struct{ Summary, Text string }
	// response is one status of an operation.
	response struct {
		Status  string
		Failure bool
		About   template.HTML
		Headers []field
		Bodies  []body
	}
	schema struct {
		Name    string
		About   template.HTML
		Type    template.HTML
		Fields  []field
		Example string
	}
)

var methods = []string{"get", "post", "put", "patch", "delete"}

// read turns the OpenAPI document into the page's view.
func read(document []byte) (page, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return page{}, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	if len(root.Content) == 0 {
		return page{}, errors.New("the OpenAPI document is empty")
	}
	doc := node{root.Content[0], root.Content[0]}
	info := doc.at("info")
	p := page{
		Title: info.text("title"), Summary: info.text("summary"), Version: info.text("version"),
		About: markdown(info.text("description")),
	}
	for _, tag := range doc.at("tags").items() {
		name := tag.text("name")
		g := group{
			ID:   "group-" + strings.ReplaceAll(strings.ToLower(name), " ", "-"),
			Name: name, About: markdown(tag.text("description")),
		}
		for _, path := range doc.at("paths").members() {
			for _, method := range methods {
				op := path.Value.at(method)
				if op.exists() && slices.Contains(op.at("tags").words(), name) {
					g.Operations = append(g.Operations, readOperation(method, path.Key, path.Value, op))
				}
			}
		}
		p.Groups = append(p.Groups, g)
	}
	for _, m := range doc.at("components", "schemas").members() {
		p.Schemas = append(p.Schemas, schema{
			Name: m.Key, About: markdown(m.Value.text("description")), Type: typeOf(m.Value),
			Fields: properties(m.Value), Example: asJSON(m.Value.at("example")),
		})
	}
	return p, nil
}

func readOperation(method, path string, item, op node) operation {
	security := op.child("security")
	o := operation{
		ID: op.text("operationId"), Method: strings.ToUpper(method), Path: path,
		Summary: op.text("summary"), About: markdown(op.text("description")),
		Public: security.exists() && len(security.items()) == 0,
		Bodies: bodies(op.at("requestBody", "content")),
	}
	for _, param := range append(item.at("parameters").items(), op.at("parameters").items()...) {
		param = param.resolve()
		o.Params = append(o.Params, field{
			Name: param.text("name"), In: param.text("in"), Required: param.text("required") == "true",
			Type: typeOf(param.child("schema")), About: markdown(param.text("description")),
		})
	}
	for _, m := range op.at("responses").members() {
		r := m.Value.resolve()
		view := response{
			Status: m.Key, Failure: m.Key >= "400",
			About: markdown(r.text("description")), Bodies: bodies(r.at("content")),
		}
		for _, h := range r.at("headers").members() {
			header := h.Value.resolve()
			view.Headers = append(view.Headers, field{
				Name: h.Key, Type: typeOf(header.child("schema")), About: markdown(header.text("description")),
			})
		}
		o.Responses = append(o.Responses, view)
	}
	return o
}

func bodies(content node) []body {
	var out []body
	for _, m := range content.members() {
		b := body{MediaType: m.Key, Type: typeOf(m.Value.child("schema"))}
		if e := m.Value.at("example"); e.exists() {
			b.Examples = append(b.Examples, example{Text: exampleText(e)})
		}
		for _, e := range m.Value.at("examples").members() {
			b.Examples = append(b.Examples, example{e.Value.text("summary"), exampleText(e.Value.at("value"))})
		}
		out = append(out, b)
	}
	return out
}

func properties(schema node) []field {
	required := schema.at("required").words()
	var fields []field
	for _, m := range schema.at("properties").members() {
		fields = append(fields, field{
			Name: m.Key, Required: slices.Contains(required, m.Key),
			Type: typeOf(m.Value), About: markdown(m.Value.resolve().text("description")),
		})
	}
	return fields
}

// typeOf says in words what a schema takes: "array of Tag", "string, 1–255 characters".
func typeOf(schema node) template.HTML {
	if name := schema.refName(); name != "" {
		link := template.HTMLEscapeString(name)
		return template.HTML(`<a href="#schema-` + link + `">` + link + `</a>`) //nolint:gosec // escaped
	}
	var words []string
	for _, value := range schema.at("enum").items() {
		words = append(words, "<code>"+template.HTMLEscapeString(value.text())+"</code>")
	}
	said := strings.Join(words, " · ")
	var limits []string
	if said == "" {
		if value := schema.text("const"); value != "" {
			said = "<code>" + template.HTMLEscapeString(value) + "</code>"
		} else {
			said = template.HTMLEscapeString(strings.Join(schema.at("type").words(), " or "))
		}
	}
	if items := schema.child("items"); items.exists() {
		said += " of " + string(typeOf(items))
	}
	if format := schema.text("format"); format != "" {
		said += " (" + template.HTMLEscapeString(format) + ")"
	}
	for _, limit := range []struct{ low, high, unit string }{
		{"minLength", "maxLength", " characters"}, {"minItems", "maxItems", " items"}, {"minimum", "maximum", ""},
	} {
		if s := between(schema.text(limit.low), schema.text(limit.high)); s != "" {
			limits = append(limits, ", "+template.HTMLEscapeString(s+limit.unit))
		}
	}
	said += strings.Join(limits, "")
	if value := schema.text("default"); value != "" {
		said += ", default <code>" + template.HTMLEscapeString(value) + "</code>"
	}
	return template.HTML(said) //nolint:gosec // every part is escaped
}

func between(low, high string) string {
	switch {
	case low == "" && high == "":
		return ""
	case high == "":
		return "at least " + low
	case low == "" || low == "0":
		return "at most " + high
	default:
		return low + "–" + high
	}
}

// exampleText is a text as it is, anything else as JSON.
func exampleText(n node) string {
	if n.yaml != nil && n.yaml.Kind == yaml.ScalarNode {
		return strings.TrimSpace(n.yaml.Value)
	}
	return asJSON(n)
}

// asJSON writes n as JSON in the document's order, two spaces per level.
func asJSON(n node) string {
	if !n.exists() {
		return ""
	}
	var out strings.Builder
	writeJSON(&out, n.resolve(), "")
	return out.String()
}

func writeJSON(out *strings.Builder, n node, indent string) {
	const step = "  "
	switch {
	case n.yaml.Kind == yaml.MappingNode:
		list(out, '{', '}', indent, len(n.members()), func(i int) {
			m := n.members()[i]
			out.WriteString(quote(m.Key) + ": ")
			writeJSON(out, m.Value.resolve(), indent+step)
		})
	case n.yaml.Kind == yaml.SequenceNode:
		list(out, '[', ']', indent, len(n.items()), func(i int) { writeJSON(out, n.items()[i].resolve(), indent+step) })
	case n.yaml.Tag == "!!str" || n.yaml.Tag == "!!timestamp":
		out.WriteString(quote(n.yaml.Value))
	default:
		out.WriteString(n.yaml.Value)
	}
}

func list(out *strings.Builder, open, closing byte, indent string, count int, write func(int)) {
	out.WriteByte(open)
	for i := range count {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n" + indent + "  ")
		write(i)
	}
	if count > 0 {
		out.WriteString("\n" + indent)
	}
	out.WriteByte(closing)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // never: a string always has a JSON form
		return `""`
	}
	return string(b)
}
