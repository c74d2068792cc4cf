package strict

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// EnvName returns NAME when s is exactly ${NAME}, and "" otherwise.
func EnvName(s string) string {
	name, ok := strings.CutPrefix(s, "${")
	if !ok || !strings.HasSuffix(name, "}") {
		return ""
	}
	name = strings.TrimSuffix(name, "}")
	for i, r := range name {
		letter := r == '_' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return ""
		}
	}
	return name
}

// setDefault gives a field whose key is missing the value of its tag, and a
// struct the defaults of its fields. A default that cannot be read is a mistake
// in the program.
func setDefault(v reflect.Value, f Field) {
	if v.Kind() == reflect.Struct && !IsText(v.Type()) {
		for _, inner := range Fields(v.Type()) {
			setDefault(v.Field(inner.Index), inner)
		}
		return
	}
	if f.Default == "" {
		return
	}
	var err error
	switch {
	case IsText(v.Type()):
		u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
		err = u.UnmarshalText([]byte(f.Default))
	case v.Kind() == reflect.String:
		v.SetString(f.Default)
	case v.Kind() == reflect.Bool:
		v.SetBool(f.Default == "true")
	case v.Kind() == reflect.Int:
		var n int64
		n, err = strconv.ParseInt(f.Default, 10, 64)
		v.SetInt(n)
	default:
		err = errors.New("no default is possible")
	}
	if err != nil {
		panic(fmt.Sprintf("strict: default of %q: %v", f.Key, err))
	}
}

// A Hinter is an error of an UnmarshalText that knows what to do about it.
type Hinter interface{ Hint() string }

func hintOf(err error, f Field) string {
	var h Hinter
	if errors.As(err, &h) {
		return h.Hint()
	}
	if f.Default != "" {
		return "such as " + f.Default
	}
	return ""
}

// keys returns the keys of fields.
func keys(fields []Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Key
	}
	return out
}

// explain turns the documentation of a field into a suggestion.
func explain(f Field) string {
	s, _, _ := strings.Cut(f.Doc, ". ")
	return strings.TrimSuffix(s, ".")
}

// bounds says which numbers are accepted.
func bounds(f Field) string {
	switch {
	case f.Max == nil:
		return fmt.Sprintf("at least %d", *f.Min)
	case f.Min == nil:
		return fmt.Sprintf("at most %d", *f.Max)
	}
	return fmt.Sprintf("from %d to %d", *f.Min, *f.Max)
}
