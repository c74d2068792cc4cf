package forecast

import "testing"

// What serves everybody it served before has not lost anything, whatever else it
// serves now.
func TestAtOnce_moreNamesAreNoLoss(t *testing.T) {
	for what, c := range map[string]struct {
		shape shape
		want  []string
	}{
		"an update adds a name": {shape{changes: []string{"cdn.a update was=distribution/one becomes=distribution/one+two"}}, nil},
		"an update takes a name away": {
			shape{changes: []string{"cdn.a update was=distribution/one+two becomes=distribution/one"}},
			[]string{"distribution one, two gone"},
		},
		"a new certificate has more names, and comes first": {
			shape{
				changes: []string{"cert.a create-delete was=certificate/one becomes=certificate/one+two"},
				edges:   []string{"cert.a (destroy) -> cert.a"},
			},
			[]string{"certificate one none"},
		},
		"one that stays has the name as well": {
			shape{changes: []string{"cert.a delete was=certificate/one"}, standing: []string{"cert.b certificate/two+one"}},
			[]string{"certificate one none"},
		},
		"one that stays has another name": {
			shape{changes: []string{"cert.a delete was=certificate/one"}, standing: []string{"cert.b certificate/two+three"}},
			[]string{"certificate one gone"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			var got []string
			for _, o := range c.shape.atOnce(t).Outages {
				got = append(got, o.Thing.Kind+" "+o.Thing.Name.String()+" "+string(o.Verdict))
			}
			same(t, what, got, c.want)
		})
	}
}
