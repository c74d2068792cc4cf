package strict

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadJSON_knowsWhereThingsStand(t *testing.T) {
	doc, root, ok := ReadJSON("d.json", []byte("\ufeff\n{ \"ä\" : [ 1 ,\n\t\"x\" ],\"a\\u0062\":{}}\n"))
	if !ok {
		t.Fatal(doc.Err())
	}
	members, _ := root.Members("", "an object")
	if len(members) != 2 || members[0].Key != "ä" || members[1].Key != "ab" {
		t.Fatalf("members are %+v", members)
	}
	items, _ := members[0].Value.Items("ä", "a list")
	if s, ok := items[1].Text("ä[1]", "text"); !ok || s != "x" {
		t.Errorf("the item is %q", s)
	}
	items[0].Text("ä[0]", "text")
	items[1].Items("ä[1]", "a list")
	members[1].Value.Text("ab", "text")
	doc.Say(members[1].At, "ab", "here", "")
	want := "d.json:2:11: ä[0] should be text, not a number\nd.json:3:2: ä[1] should be a list, not text\n" +
		"d.json:3:8: here\nd.json:3:18: ab should be text, not an object"
	if got := doc.Err(); got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
}

// What is reported has a limit, and what is not reported is not looked for.
func TestReadJSON_manyProblemsAreCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 90_000 {
		fmt.Fprintf(&b, `"k%d":0,`, i%1000)
	}
	b.WriteString(`"last":0}`)
	doc, root, ok := ReadJSON("d.json", []byte(b.String()))
	if !ok {
		t.Fatal(doc.Err())
	}
	members, _ := root.Members("", "an object")
	if len(members) != 1001 || !strings.Contains(doc.Err().Error(), "problems more") {
		t.Errorf("%d members, %.200v", len(members), doc.Err())
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, {"b": null}], "a": "x"}`, "[\n\n1e5]", `"\ud800"`, "{", "\ufeff true "} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, root, ok := ReadJSON("f.json", data)
		if ok != (doc.Err() == nil) {
			t.Fatalf("ok %t with %v", ok, doc.Err())
		}
		var visit func(JSON, int)
		visit = func(v JSON, depth int) {
			if depth > 4 {
				return
			}
			if len(v.Raw) == 0 || !strings.HasPrefix(string(doc.data[v.At:]), string(v.Raw)) {
				t.Fatalf("%q is not at %d", v.Raw, v.At)
			}
			switch v.Kind() {
			case "an object":
				members, _ := v.Members("", "")
				for _, m := range members {
					if doc.data[m.At] != '"' {
						t.Fatalf("no key at %d", m.At)
					}
					visit(m.Value, depth+1)
				}
			case "a list":
				items, _ := v.Items("", "")
				for _, i := range items {
					visit(i, depth+1)
				}
			}
		}
		if ok {
			visit(root, 0)
		}
	})
}
