package cure

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// movedBlock writes a block that says where an object is now.
func movedBlock(from, to hcl.Traversal) []byte {
	f := hclwrite.NewEmptyFile()
	b := f.Body().AppendNewBlock("moved", nil).Body()
	b.SetAttributeTraversal("from", from)
	b.SetAttributeTraversal("to", to)
	return hclwrite.Format(f.Bytes())
}

// removedBlock writes a block that lets go of objects.
func removedBlock(from hcl.Traversal) []byte {
	f := hclwrite.NewEmptyFile()
	b := f.Body().AppendNewBlock("removed", nil).Body()
	b.SetAttributeTraversal("from", from)
	b.AppendNewline()
	b.AppendNewBlock("lifecycle", nil).Body().SetAttributeValue("destroy", cty.False)
	return hclwrite.Format(f.Bytes())
}

// appended adds blocks to the end of a file, an empty line before each.
func appended(old []byte, blocks ...[]byte) []byte {
	out := bytes.Clone(old)
	ending := "\n"
	if bytes.Contains(old, []byte("\r\n")) {
		ending = "\r\n"
	}
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, ending...)
	}
	for _, b := range blocks {
		if len(out) > 0 {
			out = append(out, ending...)
		}
		out = append(out, strings.ReplaceAll(string(b), "\n", ending)...)
	}
	return out
}

const createFirst = "create_before_destroy"

// withCreateFirst sets create_before_destroy in the lifecycle of a resource.
// Everything else stays as it is, byte for byte; but a file that is formatted
// as Terraform formats files still is so afterwards.
func withCreateFirst(old []byte, typ, name string) ([]byte, error) {
	if bytes.Contains(old, []byte("\r")) {
		return nil, errors.New("the file has line ends of another system")
	}
	block, err := resource(old, typ, name)
	if err != nil {
		return nil, err
	}
	indent := indentAt(old, block.TypeRange.Start.Byte)
	var out []byte
	body := block.Body
	var life *hclsyntax.Block
	for _, b := range body.Blocks {
		if b.Type == "lifecycle" {
			life = b
		}
	}
	switch {
	case life == nil:
		out = inserted(old, block, indent, fmt.Sprintf("lifecycle {\n%s    %s = true\n%s  }", indent, createFirst, indent), true)
	case life.Body.Attributes[createFirst] != nil:
		r := life.Body.Attributes[createFirst].Expr.Range()
		out = splice(old, r.Start.Byte, r.End.Byte, "true")
	default:
		out = inserted(old, life, indentAt(old, life.TypeRange.Start.Byte), createFirst+" = true", false)
	}
	if bytes.Equal(hclwrite.Format(old), old) {
		out = hclwrite.Format(out)
	}
	if bytes.Equal(out, old) {
		return nil, fmt.Errorf("%s.%s has %s already", typ, name, createFirst)
	}
	_, err = resource(out, typ, name) // it still reads
	return out, err
}

// resource finds a resource block in a file.
func resource(content []byte, typ, name string) (*hclsyntax.Block, error) {
	f, diags := hclsyntax.ParseConfig(content, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "resource" && len(b.Labels) == 2 && b.Labels[0] == typ && b.Labels[1] == name {
			return b, nil
		}
	}
	return nil, fmt.Errorf("the file has no resource %s.%s", typ, name)
}

// inserted puts lines into a block, at its end or its beginning.
func inserted(old []byte, b *hclsyntax.Block, indent, lines string, last bool) []byte {
	open, end := b.OpenBraceRange.End.Byte, b.CloseBraceRange.Start.Byte
	inside := string(old[open:end])
	if !strings.Contains(inside, "\n") { // all on one line
		text := "\n" + indent + "  " + lines + "\n"
		if inside = strings.TrimSpace(inside); inside != "" {
			text = "\n" + indent + "  " + inside + "\n" + text
		}
		return splice(old, open, end, text+indent)
	}
	if !last {
		return splice(old, open, open, "\n"+indent+"  "+lines)
	}
	at := bytes.LastIndexByte(old[:end], '\n') + 1
	gap := "\n"
	if strings.TrimSpace(inside) == "" {
		gap = ""
	}
	return splice(old, at, at, gap+indent+"  "+lines+"\n")
}

func splice(old []byte, start, end int, text string) []byte {
	out := bytes.Clone(old[:start])
	out = append(out, text...)
	return append(out, old[end:]...)
}

// indentAt returns the blanks that the line with this byte begins with.
func indentAt(content []byte, at int) string {
	start := bytes.LastIndexByte(content[:at], '\n') + 1
	line := content[start:at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}
