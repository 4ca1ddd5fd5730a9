package account

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rondohq/rondo/services/internal/sidecar"
)

// Only the sidecar's listener knows callers that may speak of somebody else's
// address; it sets RemoteAddr, and no header counts here.
func TestAddressIsTheConnectionsWhateverHeadersSay(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/api/auth/sign-in", strings.NewReader(`{"email":"a@example.com","password":"x"}`))
	r.RemoteAddr = "192.0.2.1:4711"
	r.Header.Set("Content-Type", "application/json")
	for _, name := range []string{sidecar.ClientAddress, "X-Forwarded-For", "X-Real-IP", "Forwarded"} {
		r.Header.Set(name, "198.51.100.9:1")
	}
	if got, err := decodeFrom[SignIn](r); err != nil || got.Address != r.RemoteAddr {
		t.Errorf("address %q, %v", got.Address, err)
	}
}
