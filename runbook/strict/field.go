package strict

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// A Field is one key of the format, as the tags of a struct's field say.
type Field struct {
	Key      string
	Doc      string
	Default  string // as it would be written, or ""
	Required bool
	Enum     []string
	Min, Max *int
	Env      bool // the value, or a value of the map, may be ${NAME}
	One      bool // a list may be written as its only item
	Kind     bool // exactly one of the fields with this tag is given
	Index    int  // of the field in its struct
	Type     reflect.Type
}

// known holds what [Fields] returned, by type. Reading the tags anew for each of
// thousands of steps would take most of the time.
var known sync.Map

// Fields returns the keys that a struct type is made of, in their order. The
// slice is shared: callers do not change it.
func Fields(t reflect.Type) []Field {
	if f, ok := known.Load(t); ok {
		return f.([]Field)
	}
	f := readFields(t)
	known.Store(t, f)
	return f
}

func readFields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		key := sf.Tag.Get("yaml")
		if !sf.IsExported() || key == "" || key == "-" {
			continue
		}
		f := Field{
			Key: key, Doc: sf.Tag.Get("doc"), Default: sf.Tag.Get("default"),
			Required: sf.Tag.Get("required") == "true", Env: sf.Tag.Get("env") == "true", One: sf.Tag.Get("one") == "true",
			Kind: sf.Tag.Get("kind") == "true",
			Min:  limit(sf.Tag.Get("min")), Max: limit(sf.Tag.Get("max")), Index: i, Type: sf.Type,
		}
		if e := sf.Tag.Get("enum"); e != "" {
			f.Enum = strings.Split(e, ",")
		}
		out = append(out, f)
	}
	return out
}

// Kinds returns the keys of a struct type of which exactly one is given, or nil.
func Kinds(t reflect.Type) []string {
	var out []string
	for _, f := range Fields(t) {
		if f.Kind {
			out = append(out, f.Key)
		}
	}
	return out
}

func limit(tag string) *int {
	n, err := strconv.Atoi(tag)
	if err != nil {
		return nil
	}
	return &n
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// IsText reports whether values of the type are read by their UnmarshalText.
func IsText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

// isStruct reports whether values of the type are mappings with known keys.
func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !IsText(t)
}
