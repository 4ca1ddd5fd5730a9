package quickadd

import (
	"net/http"

	"github.com/rondohq/rondo/services/api/assistant/parse"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the route, which needs no token; one that is there is the mux's
// business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/assistant/parse", rest.Handler(e.Parse, decodeRequest, encodeAction))
}

func decodeRequest(r *http.Request) (from, error) {
	req, err := rest.Decode[Request](r)
	return from{Address: r.RemoteAddr, Request: req}, err
}

func encodeAction(w http.ResponseWriter, a parse.Action) error { return rest.JSON(w, http.StatusOK, a) }
