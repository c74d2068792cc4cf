package strict

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

type tree struct {
	A    *tree           `yaml:"a"`
	List []*tree         `yaml:"list"`
	Map  map[string]tree `yaml:"map"`
	Text string          `yaml:"text"`
}

// bombs are documents that are small and could cost much.
func bombs() map[string]string {
	var aliases, indents, keys strings.Builder
	aliases.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&aliases, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), ","))
	}
	for i := 0; indents.Len() < MaxSize-2000; i++ {
		indents.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for i := 0; keys.Len() < MaxSize-20; i++ {
		fmt.Fprintf(&keys, "%x:\n", i)
	}
	deep := strings.Repeat("{"+strings.Repeat("k", MaxKey-1)+": ", MaxDepth-2)
	return map[string]string{
		"alias bomb":               aliases.String(),
		"merge bomb":               "a: &a {b: 1}\n" + strings.Repeat("c: {<<: *a}\n", 4500),
		"deep flow mappings":       strings.Repeat("{a: ", 200_000),
		"deep flow lists":          strings.Repeat("[", MaxSize),
		"deep block lists":         strings.Repeat("- ", MaxSize/2),
		"deep explicit keys":       strings.Repeat("? ", MaxSize/2),
		"deep, closed, again":      strings.Repeat(strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+",", 50),
		"deep indentation":         indents.String(),
		"long key":                 strings.Repeat("a", MaxSize-10) + ": 1\n",
		"long explicit key":        "? " + strings.Repeat("a", MaxSize-10) + "\n: 1\n",
		"many keys":                keys.String(),
		"the same key":             strings.Repeat("a:\n", MaxSize/3),
		"many items":               "[" + strings.Repeat("a,", MaxSize/2-2) + "]",
		"many empty entries":       "{" + strings.Repeat("a,", MaxSize/2-2) + "}",
		"many empty lines":         strings.Repeat("\n", MaxSize),
		"other line ends":          strings.Repeat("-\u0085", MaxSize/3),
		"many comments":            strings.Repeat("#\na:\n", MaxSize/5),
		"many block texts":         strings.Repeat("- |\n", MaxSize/4),
		"many documents":           strings.Repeat("---\n", MaxSize/4),
		"many anchors":             "[" + strings.Repeat("&a b,", MaxSize/5-1) + "]",
		"long paths":               deep + "[" + strings.Repeat("!x b,", MaxMarks-100) + "]" + strings.Repeat("}", MaxDepth-2),
		"nothing but quotes":       strings.Repeat("'", MaxSize),
		"too large":                strings.Repeat("a", MaxSize+1),
		"unknown keys":             strings.ReplaceAll(keys.String()[:MaxMarks*2], ":", ": 1"),
		"empty entries":            "{" + strings.Repeat("a,", MaxMarks-100) + "}",
		"empty lines between":      "{" + strings.Repeat("#\na,", MaxMarks/2-100) + "}",
		"as many marks as allowed": "list: [" + strings.Repeat("{},", MaxMarks/2-2) + "]",
	}
}

// The YAML library alone takes up to 230 MiB for one of these.
func TestRead_takesLittleMemoryForBombs(t *testing.T) {
	for name, bomb := range bombs() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			d := Read("b.yaml", []byte(bomb), "a: 1", nil, &tree{})
			err := d.Err()
			runtime.ReadMemStats(&after)
			if err == nil && name != "as many marks as allowed" {
				t.Error("was not refused")
			}
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes took %d KiB", len(bomb), took>>10)
			if took > 64<<20 {
				t.Errorf("took %d MiB", took>>20)
			}
		})
	}
}

// Twice as much of the same must not take four times the memory.
func TestRead_growsWithTheDocumentAndNotFaster(t *testing.T) {
	took := func(n int) uint64 {
		doc := []byte("list: [" + strings.Repeat("{text: x},", n) + "]")
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if err := Read("b.yaml", doc, "a: 1", nil, &tree{}).Err(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if a, b := took(1500), took(6000); b > 6*a {
		t.Errorf("4 times the items took %d KiB and not %d KiB", b>>10, a>>10)
	}
}

func BenchmarkRead_bombs(b *testing.B) {
	for name, bomb := range bombs() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Read("b.yaml", []byte(bomb), "a: 1", nil, &tree{})
			}
		})
	}
}
