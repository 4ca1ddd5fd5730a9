package azure

import "net/netip"

// dnsAddress is the tenth address of the Services' network, which Azure's own
// examples give to the cluster's DNS; the first ones are taken.
func dnsAddress(services string) string {
	prefix, err := netip.ParsePrefix(services)
	if err != nil {
		return "" // the environment is valid
	}
	address := prefix.Addr()
	for range 10 {
		address = address.Next()
	}
	return address.String()
}
