package forecast

import (
	"strings"
	"testing"
	"time"

	"lockstep/runbook/plan"
)

const static = "record/static.example/"

// incident is the real shape of the outage: the record's block was renamed; the
// certificate comes first by its lifecycle, and the distribution is updated.
func incident() shape {
	return shape{
		changes: []string{
			"certificate.static create-delete", "distribution.static update",
			"record.static delete was=" + static + "plain",
			"record.weighted create becomes=" + static + "cloudfront",
			"validation.static create-delete",
		},
		edges: []string{
			"validation.static -> certificate.static",
			"distribution.static -> distribution.static (expand)",
			"distribution.static (expand) -> local.cert",
			"local.cert -> validation.static",
			"distribution.static -> record.static (destroy)",
			"record.weighted -> distribution.static",
			"validation.static (destroy) -> distribution.static",
			"certificate.static (destroy) -> validation.static (destroy)",
		},
		takes: "validation.static.create=20s distribution.static.update=1s",
	}
}

func TestAtOnce_seesTheIncident(t *testing.T) {
	f := incident().atOnce(t)
	same(t, "outages", told(f), []string{"window static.example 21.1s by record.static until record.weighted for validation.static handover"})
	o := f.Outages[0]
	if o.From.Typical != 100*time.Millisecond || o.To.Typical != 21200*time.Millisecond || o.Length.Min != o.Length.Max {
		t.Errorf("from %v to %v, %v", o.From, o.To, o.Length)
	}
	if got, want := o.Why.String(), "record.static is deleted, and record.weighted, which takes its place, waits for validation.static"; got != want {
		t.Errorf("why %q", got)
	}
	same(t, "hazards", codes(f.Hazards), []string{
		"NAME_HANDOVER record.static", "OUTAGE_WINDOW! record.static", "SLOW_BETWEEN validation.static",
	})
	if f.Dark.Typical != o.Length.Typical || f.Dark.Open {
		t.Errorf("dark %v", f.Dark)
	}
}

func TestAtOnce_literalShapeIsDarkAtBothThings(t *testing.T) {
	s := shape{
		changes: []string{
			"certificate.static delete-create was=certificate/static/a becomes=certificate/static/b",
			"distribution.static update",
			"record.static delete-create was=" + static + "a becomes=" + static + "b",
		},
		edges: []string{
			"certificate.static (destroy) -> record.static (destroy)",
			"distribution.static -> certificate.static",
			"record.static -> distribution.static",
		},
		takes: "certificate.static.create=20s distribution.static.update=1s",
	}
	f := s.atOnce(t)
	same(t, "outages", told(f), []string{
		"window static.example 21.2s by record.static until record.static for certificate.static",
		"window static 20s by certificate.static until certificate.static",
	})
	same(t, "hazards", codes(f.Hazards), []string{
		"OUTAGE_WINDOW! record.static", "OUTAGE_WINDOW! certificate.static", "SLOW_BETWEEN certificate.static",
		"CERT_REPLACED! certificate.static", "REPLACE_IN_USE! certificate.static",
	})
}

func TestAtOnce_namesOfResolversHideAndProlong(t *testing.T) {
	p, o, opt := incident().build(t)
	opt.Negative = func(plan.Thing) time.Duration { return time.Minute }
	p.Resources[2].Was.TTL = 5 * time.Second
	out := AtOnce(p, o, opt).Outages[0]
	if out.SeenLeast != 16100*time.Millisecond || out.SeenMost.Typical != 81100*time.Millisecond || out.Negative != time.Minute {
		t.Errorf("seen from %v to %v, negative %v", out.SeenLeast, out.SeenMost, out.Negative)
	}
	p.Resources[2].Was.TTL = 0 // not known: a cached answer may hide all of it
	if out := AtOnce(p, o, opt).Outages[0]; out.SeenLeast != 0 {
		t.Errorf("seen for %v at least, by nobody knows which TTL", out.SeenLeast)
	}
	p, o, opt = shape{ // 10 s to 2m, most likely 40 s
		changes: []string{"aws_route53_record.a delete-create was=record/n/a becomes=record/n/b"}, takes: "aws_route53_record.a.create=?",
	}.build(t)
	p.Resources[0].Was.TTL = 4 * time.Second
	if out := AtOnce(p, o, opt).Outages[0]; out.SeenLeast != out.Length.Min-4*time.Second || out.Length.Min == out.Length.Typical {
		t.Errorf("seen for %v at least of %+v", out.SeenLeast, out.Length)
	}
	if text := AtOnce(p, o, opt).Hazards[0].Text.String(); !strings.Contains(text, "about 40 s (10 s–2m)") {
		t.Errorf("hazard %q", text)
	}
}
