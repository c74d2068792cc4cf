package dnsserver

import "github.com/miekg/dns"

// OwnerOption is the code of the EDNS option that names the owner of the data in
// an update or a query. It is from the range for local use (RFC 6891).
const OwnerOption = 65001

// SetOwner makes a query or an update speak for one owner. It has to be called
// before the message is signed.
func SetOwner(m *dns.Msg, owner string) {
	opt := m.IsEdns0()
	if opt == nil {
		m.SetEdns0(dns.DefaultMsgSize, false)
		opt = m.IsEdns0()
	}
	opt.Option = append(opt.Option, &dns.EDNS0_LOCAL{Code: OwnerOption, Data: []byte(owner)})
}

// ownerOf returns the owner a message speaks for, and whether it names one.
func ownerOf(m *dns.Msg) (owner string, named bool) {
	opt := m.IsEdns0()
	if opt == nil {
		return "", false
	}
	for _, o := range opt.Option {
		if l, ok := o.(*dns.EDNS0_LOCAL); ok && l.Code == OwnerOption {
			return string(l.Data), true
		}
	}
	return "", false
}
