package planfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/graph/formats/dot"
	"gonum.org/v1/gonum/graph/formats/dot/ast"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// rootPrefix stands before the name of every node that Terraform draws.
const rootPrefix = "[root] "

// ErrNoNode says that a graph is empty, as that of a plan of nothing is.
var ErrNoNode = errors.New("there is no node in it")

// Graph reads what "terraform graph -plan=FILE" prints. Node names are made
// inert like the addresses of a plan, so that the two can be compared.
//
// The output is documented as unstable. Whatever is not understood is an error,
// since an edge that goes missing would be an order that goes missing.
func Graph(out string) (plan.Graph, error) {
	file, err := dot.ParseString(out)
	if err != nil {
		return plan.Graph{}, fmt.Errorf("read the graph: %w", err)
	}
	if len(file.Graphs) != 1 {
		return plan.Graph{}, fmt.Errorf("read the graph: %d graphs where there should be one", len(file.Graphs))
	}
	r := graphReader{seen: map[string]bool{}, edges: map[string][]string{}}
	if err := r.statements(file.Graphs[0].Stmts); err != nil {
		return plan.Graph{}, fmt.Errorf("read the graph: %w", err)
	}
	if len(r.nodes) == 0 {
		return plan.Graph{}, fmt.Errorf("read the graph: %w", ErrNoNode)
	}
	return plan.Graph{Nodes: r.nodes, Edges: r.edges}, nil
}

type graphReader struct {
	nodes []string
	seen  map[string]bool
	edges map[string][]string
}

func (r *graphReader) statements(stmts []ast.Stmt) error {
	for _, s := range stmts {
		var err error
		switch s := s.(type) {
		case *ast.NodeStmt:
			_, err = r.node(s.Node)
		case *ast.EdgeStmt:
			err = r.edge(s)
		case *ast.Subgraph:
			err = r.statements(s.Stmts)
		case *ast.Attr, *ast.AttrStmt:
		default:
			err = fmt.Errorf("statement of kind %T", s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// edge reads A -> B, and A -> B -> C, which Terraform does not write so far.
func (r *graphReader) edge(s *ast.EdgeStmt) error {
	from, err := r.vertex(s.From)
	for e := s.To; err == nil && e != nil; e = e.To {
		if !e.Directed {
			return errors.New("an edge without a direction")
		}
		var to string
		if to, err = r.vertex(e.Vertex); err == nil {
			r.edges[from] = append(r.edges[from], to)
			from = to
		}
	}
	return err
}

func (r *graphReader) vertex(v ast.Vertex) (string, error) {
	n, ok := v.(*ast.Node)
	if !ok {
		return "", fmt.Errorf("an edge to %T", v)
	}
	return r.node(n)
}

// node returns the name of a node. Terraform writes it as a quoted Go string,
// in which the quotes of for_each keys and their backslashes are escaped.
func (r *graphReader) node(n *ast.Node) (string, error) {
	name, err := strconv.Unquote(n.ID)
	if err != nil {
		return "", fmt.Errorf("node %s: its name is not a quoted string", safe.Show(n.ID))
	}
	name, ok := strings.CutPrefix(name, rootPrefix)
	if !ok {
		return "", fmt.Errorf("node %s: its name does not start with %q", safe.Show(n.ID), rootPrefix)
	}
	name = safe.Show(name).String()
	if !r.seen[name] {
		r.seen[name] = true
		r.nodes = append(r.nodes, name)
	}
	return name, nil
}
